import { decodeCommitNote } from '@towline/contracts'
import type { FreshAssignment } from '@towline/kafka'
import { OffsetLedger } from './offset-ledger.ts'

/** Records `[from, to)` that were deleted before they were run; at most `records` of them were unfinished tasks. */
export interface LostRange {
  readonly from: number
  readonly to: number
  readonly records: number
}

export interface PartitionStart {
  /** Where reading begins. */
  readonly base: number
  readonly lost: LostRange | null
  /** The log ends before what was committed: it is another log under the same name. */
  readonly isOtherLog: boolean
}

/** Where a fresh partition begins, by what its group committed and what its log still holds. Pure. */
export function startOf({ committed, metadata, logStart, logEnd }: FreshAssignment): PartitionStart {
  if (committed === null) return { base: logStart, lost: null, isOtherLog: false }
  if (committed > logEnd) return { base: logStart, lost: null, isOtherLog: true }
  if (committed >= logStart) return { base: committed, lost: null, isOtherLog: false }
  const note = decodeCommitNote(metadata)
  const ledger = new OffsetLedger(committed, note?.base === committed ? note : null)
  const records = logStart - committed - ledger.finishedWithin(committed, logStart)
  return { base: logStart, lost: { from: committed, to: logStart, records }, isOtherLog: false }
}
