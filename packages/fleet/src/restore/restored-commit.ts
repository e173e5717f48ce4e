import {
  encodeCommitNote,
  NOTE_BODY_MAX_BYTES,
  noteUpperBoundBytes,
  ownerOf,
  recordHash,
  type UnfinishedOffset,
} from '@towline/contracts'
import type { KafkaRecord } from '@towline/kafka'
import type { Progress } from './task-ledger.ts'

/** Where a partition goes on, by what finished in it. */
export interface RestoredSpan {
  /** The first record that is not finished, or `logEnd`. */
  readonly next: number
  /** The offset after the last finished one the note can speak of; `next` when there is none. */
  readonly end: number
  /** In [next, end), ascending. */
  readonly unfinished: readonly number[]
  /** From `next` on. */
  readonly unfinishedCount: number
  /** Finished, but beyond what the note has room for: they run again, and their second ends do not count. */
  readonly runAgain: number
}

/** Pure. `records` in offset order. */
export function restoredSpan(records: readonly Progress[], logEnd: number): RestoredSpan {
  const first = records.findIndex(({ isFinished }) => !isFinished)
  const next = records[first]?.offset
  if (next === undefined) return { next: logEnd, end: logEnd, unfinished: [], unfinishedCount: 0, runAgain: 0 }
  const unfinished: number[] = []
  let fits = { end: next, entries: 0 }
  let finishedBeyond = 0
  for (const { offset, isFinished } of records.slice(first)) {
    if (!isFinished) {
      unfinished.push(offset)
      continue
    }
    const size = { span: offset + 1 - next, entries: unfinished.length, marked: 0 }
    if (finishedBeyond === 0 && noteUpperBoundBytes(size) <= NOTE_BODY_MAX_BYTES) {
      fits = { end: offset + 1, entries: unfinished.length }
    } else finishedBeyond += 1
  }
  return {
    next,
    end: fits.end,
    unfinished: unfinished.slice(0, fits.entries),
    unfinishedCount: unfinished.length,
    runAgain: finishedBeyond,
  }
}

/** The metadata that goes with a restored offset: a note that says what finished above it. `record` stands at `next`. */
export function restoredNote(
  { next, end, unfinished }: RestoredSpan,
  { key, value }: Pick<KafkaRecord, 'key' | 'value'>,
  by: string,
): string {
  return encodeCommitNote({
    clean: false,
    owner: ownerOf(by),
    base: next,
    end,
    hash: recordHash(key, value),
    hashIsBelowBase: false,
    unfinished: unfinished.map(unknownOffset),
  })
}

function unknownOffset(offset: number): UnfinishedOffset {
  return { offset, attempts: 0, deliveries: 0, started: false }
}
