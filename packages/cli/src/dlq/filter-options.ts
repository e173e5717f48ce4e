import { DEAD_REASONS, type DeadReason } from '@towline/contracts'
import type { DeadLetterFilter } from '@towline/dead-letter'
import { type Command, Option } from 'commander'
import type { CliIo } from '../cli-io.ts'
import { momentMs } from '../input/parse-option.ts'

/** The flags that say which dead letters are meant. */
export interface FilterOptions {
  readonly key?: string
  readonly error?: string
  readonly tenant?: string
  readonly since?: number
  readonly until?: number
  readonly reason?: DeadReason
}

export function addFilterOptions(command: Command, io: CliIo): Command {
  const moment = momentMs(() => io.clock.nowMs())
  return command
    .option('--key <key>', 'with exactly this record key')
    .option('--error <text>', 'whose error has this fingerprint or code, or holds this text')
    .option('--tenant <name>', 'of this tenant')
    .option('--since <moment>', 'written at or after: -2h, a day, or an ISO time', moment)
    .option('--until <moment>', 'written before: -2h, a day, or an ISO time', moment)
    .addOption(new Option('--reason <reason>', 'dead-lettered for this reason').choices(DEAD_REASONS))
}

export function filterOf(options: FilterOptions): DeadLetterFilter {
  const { key, error, tenant, since, until, reason } = options
  const filter = { key, error, tenant, sinceMs: since, untilMs: until, reason }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}
