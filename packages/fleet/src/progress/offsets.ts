import { groupIdOf, ownerOf, type UnfinishedOffset } from '@towline/contracts'
import type { AdminPort, GroupMember, ReaderPort, TopicPartition } from '@towline/kafka'
import type { ConsumedTopic } from './agent-topics.ts'
import { type PartitionProgress, readProgress } from './partition-progress.ts'

/** What keeps the committed offset of a partition from moving on. */
export interface Pin extends UnfinishedOffset {
  /** When the record was appended or created, epoch milliseconds; null when retention took it. */
  readonly sinceMs: number | null
}

/** What a group stores of one partition, decoded. */
export interface GroupOffset {
  readonly agent: string
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly committed: number | null
  readonly logStart: number
  readonly logEnd: number
  readonly lag: number
  readonly effectiveLag: number
  /** Null: no note of Towline's stands beside the committed offset. */
  readonly note: {
    /** Its writer handed the partition over: nothing ran any more. */
    readonly isClean: boolean
    readonly unfinished: number
    readonly finishedAhead: number
    /** The member that wrote it, or null when it has left the group. */
    readonly writtenBy: string | null
  } | null
  readonly pinnedBy: Pin | null
  /** The member the partition is assigned to. */
  readonly owner: { readonly memberId: string; readonly clientId: string } | null
}

/** Reads what the groups of topics store, who holds each partition, and which offset pins it. */
export async function readGroupOffsets(
  admin: AdminPort,
  reader: ReaderPort,
  topics: readonly ConsumedTopic[],
): Promise<readonly GroupOffset[]> {
  const perTopic = await Promise.all(
    topics.map(async (topic) => {
      const [progress, group] = await Promise.all([
        readProgress(admin, topic.topic),
        admin.describeGroup(groupIdOf(topic.topic)),
      ])
      return await Promise.all(progress.map((partition) => groupOffset(reader, topic, partition, group.members)))
    }),
  )
  return perTopic.flat()
}

async function groupOffset(
  reader: ReaderPort,
  { agent, topic }: ConsumedTopic,
  progress: PartitionProgress,
  members: readonly GroupMember[],
): Promise<GroupOffset> {
  const { note } = progress
  const holder = members.find(({ assigned }) => assigned.some((tp) => isSame(tp, progress)))
  const writer = note === null ? undefined : members.find(({ memberId }) => ownerOf(memberId) === note.owner)
  const pin = note?.unfinished.find(({ offset }) => offset === progress.committed)
  return {
    agent,
    group: groupIdOf(topic),
    topic,
    partition: progress.partition,
    committed: progress.committed,
    logStart: progress.logStart,
    logEnd: progress.logEnd,
    lag: progress.lag,
    effectiveLag: progress.effectiveLag,
    note:
      note === null
        ? null
        : {
            isClean: note.clean,
            unfinished: note.unfinished.length,
            finishedAhead: progress.finishedAhead,
            writtenBy: writer?.memberId ?? null,
          },
    pinnedBy: pin === undefined ? null : { ...pin, sinceMs: await timestampAt(reader, progress, pin.offset) },
    owner: holder === undefined ? null : { memberId: holder.memberId, clientId: holder.clientId },
  }
}

/** The timestamp of the record at an offset, or null when the log does not hold it. */
async function timestampAt(reader: ReaderPort, progress: PartitionProgress, offset: number): Promise<number | null> {
  if (offset < progress.logStart || offset >= progress.logEnd) return null
  const tp = { topic: progress.topic, partition: progress.partition }
  for await (const batch of reader.read({ tp, from: offset, to: offset + 1, maxBytes: 4_096 })) {
    const record = batch.records.find((candidate) => candidate.offset === offset)
    if (record !== undefined) return record.timestampMs
  }
  return null
}

function isSame(a: TopicPartition, b: TopicPartition): boolean {
  return a.topic === b.topic && a.partition === b.partition
}
