import type { DeadLetter, DeadLetterGroup, DeadLetterList, DeadLetterState } from './dead-letter.ts'
import type { LetterTest } from './dead-letter-filter.ts'
import { DeadLetterLedger } from './dead-letter-ledger.ts'
import type { ErrorKind } from './error-fingerprint.ts'
import type { LedgerPorts } from './ledger-ports.ts'
import { batchesOf } from './read-range.ts'
import { type EndScan, scanEnds } from './scan-ends.ts'

export interface ScannedLedger {
  readonly ledger: DeadLetterLedger
  readonly unreadableEnds: number
}

/** One pass over the dead-letter topic as it stands, then over the results its open questions need. */
export async function scanDeadLetters(ports: LedgerPorts, matches: LetterTest, scan: EndScan): Promise<ScannedLedger> {
  const ledger = new DeadLetterLedger(matches)
  const topic = ports.names.dlq
  for (const { partition, low, high } of await ports.admin.offsets(topic)) {
    const tp = { topic, partition }
    for await (const records of batchesOf(ports.reader, { tp, from: low, to: high }, scan.signal)) {
      for (const record of records) ledger.add(tp, record)
    }
  }
  return { ledger, unreadableEnds: await scanEnds(ports, ledger, scan) }
}

/** Entries, counts and groups of what was scanned. */
export function listOf({ ledger, unreadableEnds }: ScannedLedger): DeadLetterList {
  const entries = ledger.entries()
  const counts: Record<DeadLetterState, number> = { open: 0, pending: 0, void: 0, resolved: 0 }
  for (const { state } of entries) counts[state] += 1
  return { entries, ...counts, foreign: ledger.foreign, unreadableEnds, groups: groupsOf(entries) }
}

const NO_ERROR: ErrorKind = { fingerprint: '', code: '', pattern: '' }

/** `entries` are oldest first, so that the first of a kind is its earliest and the last its latest. */
function groupsOf(entries: readonly DeadLetter[]): DeadLetterGroup[] {
  const groups = new Map<string, DeadLetterGroup>()
  for (const { state, error, taskId, life, deadAtMs } of entries) {
    if (state !== 'open') continue
    const { fingerprint, code, pattern } = error ?? NO_ERROR
    const known = groups.get(fingerprint)
    const group = { fingerprint, code, pattern, open: (known?.open ?? 0) + 1, firstAtMs: known?.firstAtMs ?? deadAtMs }
    groups.set(fingerprint, { ...group, lastAtMs: deadAtMs, example: { taskId, life } })
  }
  return [...groups.values()].sort((a, b) => b.open - a.open || a.firstAtMs - b.firstAtMs)
}
