import { type CommitNote, decodeCommitNote, recordHash } from '@towline/contracts'
import type { FreshAssignment, KafkaRecord } from '@towline/kafka'

/**
 * The note of a commit whose offset retention has deleted, where it speaks of records that are still there. A log that
 * ends before the note does is not the one it was written of.
 */
export function noteBelowLog({ committed, metadata, logStart, logEnd }: FreshAssignment): CommitNote | null {
  if (committed === null || committed >= logStart) return null
  const note = decodeCommitNote(metadata)
  return note !== null && note.base === committed && note.end > logStart && note.end <= logEnd ? note : null
}

export function saysFinished({ base, end, unfinished }: CommitNote, offset: number): boolean {
  return offset >= base && offset < end && !unfinished.some((listed) => listed.offset === offset)
}

/** What the note says of the log from its first record on. */
export function rebased(note: CommitNote, first: KafkaRecord): CommitNote {
  return {
    ...note,
    base: first.offset,
    end: Math.max(note.end, first.offset),
    hash: recordHash(first.key, first.value),
    hashIsBelowBase: false,
    unfinished: note.unfinished.filter(({ offset }) => offset >= first.offset),
  }
}
