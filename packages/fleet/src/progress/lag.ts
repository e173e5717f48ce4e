import type { AdminPort } from '@towline/kafka'
import type { ConsumedTopic } from './agent-topics.ts'
import { type PartitionProgress, readProgress } from './partition-progress.ts'

/** The lag of one consumed topic. */
export interface TopicLag extends ConsumedTopic {
  /** Records behind the group's committed offsets, summed over the partitions. */
  readonly lag: number
  /** Records still to be done: `lag` minus those finished ahead of the committed offset. */
  readonly effectiveLag: number
  readonly finishedAhead: number
  /** Partitions of the topic whose group never committed an offset. */
  readonly uncommittedPartitions: number
  readonly partitions: readonly PartitionLag[]
}

export interface PartitionLag {
  readonly partition: number
  readonly committed: number | null
  readonly logEnd: number
  readonly lag: number
  readonly effectiveLag: number
}

/** Reads the lag of topics; one snapshot per topic, not one of all. */
export async function readLag(admin: AdminPort, topics: readonly ConsumedTopic[]): Promise<readonly TopicLag[]> {
  return await Promise.all(topics.map(async (topic) => lagOf(topic, await readProgress(admin, topic.topic))))
}

export function lagOf(topic: ConsumedTopic, progress: readonly PartitionProgress[]): TopicLag {
  const sum = (value: (partition: PartitionProgress) => number): number =>
    progress.reduce((total, partition) => total + value(partition), 0)
  return {
    ...topic,
    lag: sum(({ lag }) => lag),
    effectiveLag: sum(({ effectiveLag }) => effectiveLag),
    finishedAhead: sum(({ finishedAhead }) => finishedAhead),
    uncommittedPartitions: progress.filter(({ committed }) => committed === null).length,
    partitions: progress.map(({ partition, committed, logEnd, lag, effectiveLag }) => ({
      partition,
      committed,
      logEnd,
      lag,
      effectiveLag,
    })),
  }
}
