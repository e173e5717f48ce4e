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

/**
 * What the note says of the log from its first record on, up to one that is known to be of the log it was written of:
 * above it the log may have been cut short and written anew. What finished there runs again.
 */
export function rebased(note: CommitNote, first: KafkaRecord, lastKnown: number): CommitNote {
  return {
    ...note,
    base: first.offset,
    end: lastKnown + 1,
    hash: recordHash(first.key, first.value),
    hashIsBelowBase: false,
    unfinished: note.unfinished.filter(({ offset }) => offset >= first.offset && offset <= lastKnown),
  }
}
