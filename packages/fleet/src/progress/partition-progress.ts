import { type CommitNote, decodeCommitNote, groupIdOf } from '@towline/contracts'
import type { AdminPort, TopicPartition } from '@towline/kafka'

/** What the broker stores of one partition and of its group. */
export interface StoredProgress {
  /** Log start offset. */
  readonly logStart: number
  /** High watermark. */
  readonly logEnd: number
  /** The group's next offset to read, or null when it never committed one. */
  readonly committed: number | null
  readonly metadata: string
}

/** How far a group is in one partition. */
export interface PartitionProgress extends TopicPartition {
  readonly logStart: number
  readonly logEnd: number
  readonly committed: number | null
  /** The commit note, or null: none, foreign, or of another base. */
  readonly note: CommitNote | null
  /** High watermark minus the next offset to read; retention may have moved that up. */
  readonly lag: number
  /** Offsets above the committed one that the note calls finished. */
  readonly finishedAhead: number
  /** `lag` minus `finishedAhead`: what is still to be done. */
  readonly effectiveLag: number
}

/** Pure: the numbers behind `towline lag` and `towline offsets show`. */
export function progressOf(tp: TopicPartition, stored: StoredProgress): PartitionProgress {
  const { logStart, logEnd, committed } = stored
  const next = Math.max(committed ?? logStart, logStart)
  const note = noteOf(stored)
  const lag = Math.max(0, logEnd - next)
  const finishedAhead = note === null ? 0 : Math.min(lag, finishedBetween(note, next, logEnd))
  return {
    topic: tp.topic,
    partition: tp.partition,
    logStart,
    logEnd,
    committed,
    note,
    lag,
    finishedAhead,
    effectiveLag: lag - finishedAhead,
  }
}

/** Reads the progress of every partition of a topic. @throws TowlineError TOWLINE_TOPIC_MISSING */
export async function readProgress(admin: AdminPort, topic: string): Promise<readonly PartitionProgress[]> {
  // Committed first: a log end read later only ever shows more lag, never a negative one.
  const partitions = (await admin.offsets(topic)).map(({ partition }) => ({ topic, partition }))
  const committed = await admin.committed(groupIdOf(topic), partitions)
  const offsets = await admin.offsets(topic)
  return offsets.map(({ partition, low, high }) => {
    const stored = committed.find((entry) => entry.tp.partition === partition)
    return progressOf(
      { topic, partition },
      { logStart: low, logEnd: high, committed: stored?.next ?? null, metadata: stored?.metadata ?? '' },
    )
  })
}

/** A note speaks of the offset it was committed with; of any other it says nothing. */
function noteOf({ committed, metadata }: StoredProgress): CommitNote | null {
  const note = decodeCommitNote(metadata)
  return note !== null && note.base === committed ? note : null
}

function finishedBetween(note: CommitNote, from: number, logEnd: number): number {
  const end = Math.min(note.end, logEnd)
  const unfinished = note.unfinished.filter(({ offset }) => offset >= from && offset < end).length
  return Math.max(0, end - from - unfinished)
}
