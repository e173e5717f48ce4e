import type { Logger } from '@towline/contracts'
import { type LogEntry, logLevel } from 'kafkajs'

/**
 * Things kafkajs logs as errors that are part of a quiet day: an idle connection closed after its timeout, and the
 * answers by which a member learns of a rebalance.
 */
const EXPECTED = [
  'Connection timeout',
  'The group is rebalancing',
  'The group is loading',
  'The coordinator is not available',
  'The group coordinator is not available',
  'The coordinator is not aware of this member',
  'Specified group generation id is not valid',
  'The provided member is not known',
]

/** While a broker is away kafkajs says the same at every attempt; it is passed on so often. */
const REPEAT_MS = 5_000
/** Messages remembered to tell repeats by; they carry addresses and topics, so there may be many. */
const REMEMBERED = 100

/** Passes kafkajs's log on, repeats of a warning once in five seconds with their count; nothing without a logger. */
export function kafkajsLog(log: Logger | undefined): {
  logLevel: logLevel
  logCreator: () => (entry: LogEntry) => void
} {
  if (log === undefined) return { logLevel: logLevel.NOTHING, logCreator: () => () => undefined }
  const repeats = new Map<string, { saidAtMs: number; held: number }>()
  const warn = (fields: object, said: string): void => {
    const nowMs = performance.now()
    const before = repeats.get(said)
    if (before !== undefined && nowMs - before.saidAtMs < REPEAT_MS) {
      before.held += 1
      return
    }
    if (repeats.size >= REMEMBERED) repeats.clear()
    repeats.set(said, { saidAtMs: nowMs, held: 0 })
    log.warn(before === undefined || before.held === 0 ? fields : { ...fields, repeated: before.held }, said)
  }
  const write = (entry: LogEntry): void => {
    const { message, timestamp: _, logger: __, ...fields } = entry.log
    const said = `kafkajs ${entry.namespace}: ${message}`
    const text = `${message} ${String(fields['error'] ?? '')}`
    if (EXPECTED.some((expected) => text.includes(expected))) log.debug(fields, said)
    else if (entry.level === logLevel.ERROR) warn(withoutStack(fields), said)
    else log.debug(fields, said)
  }
  return { logLevel: logLevel.WARN, logCreator: () => write }
}

/** A stack into kafkajs says nothing that its message does not. */
function withoutStack({ stack: _, ...fields }: Record<string, unknown>): object {
  return fields
}
