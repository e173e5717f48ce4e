import type { PartitionLog } from '../log/partition-log.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import type { MessageSchema } from '../protocol/schema.ts'
import type { Topic } from '../topics/topic-catalog.ts'
import type { ApiCall } from './api.ts'

/** The schema of "topics, and for each its partitions", which half of Kafka's messages are made of. */
export function topicPartitions<const Partition extends MessageSchema>(
  partition: Partition,
): readonly [{ readonly name: 'string'; readonly partitions: readonly [Partition] }] {
  return [{ name: 'string', partitions: [partition] }]
}

export interface LedPartition {
  readonly log: PartitionLog
  readonly topic: Topic
}

/** The partition a request names, or why the node that was asked cannot serve it. */
export function ledPartition({ broker, node }: ApiCall, name: string, index: number): LedPartition | number {
  const topic = broker.topics.find(name)
  const log = topic?.partitions[index]
  if (topic === undefined || log === undefined) return KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION
  if (broker.cluster.leaderOf(topic, index) !== node.id) return KAFKA_ERRORS.NOT_LEADER_OR_FOLLOWER
  return { log, topic }
}

/** Answers for every partition that a request names, in its order. */
export function answerPartitions<Asked extends { readonly index: number }, Answer>(
  topics: readonly { readonly name: string; readonly partitions: readonly Asked[] }[],
  answer: (topic: string, asked: Asked) => Answer,
): { name: string; partitions: (Answer & { index: number })[] }[] {
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((asked) => ({ index: asked.index, ...answer(name, asked) })),
  }))
}
