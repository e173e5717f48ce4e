import type { PartitionOffsets } from '../../ports/admin-port.ts'
import type { TopicPartition } from '../../ports/record.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'
import type { ClusterClient } from './cluster-client.ts'

/** Timestamps by which Kafka's ListOffsets means the ends of the log. */
const LATEST = -1
const EARLIEST = -2
/** With read-uncommitted the latest offset is the high watermark, not the last stable offset. */
const READ_UNCOMMITTED = 0

interface ListedOffsets {
  readonly responses: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number; readonly offset: string }[]
  }[]
}

/** Partitions of a topic and their leaders; below 0 where there is none now. @throws kafkajs's error of the topic */
export async function leadersOf(client: ClusterClient, topic: string): Promise<ReadonlyMap<number, number>> {
  const { topicMetadata } = await client.metadata([topic])
  const found = topicMetadata.find((each) => each.topic === topic)
  client.check(found?.topicErrorCode ?? KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION)
  const leaders = new Map<number, number>()
  for (const { partitionId, leader } of found?.partitionMetadata ?? []) leaders.set(partitionId, leader)
  return leaders
}

/** Log start and high watermark of partitions of one topic, ascending. */
export async function logBounds(
  client: ClusterClient,
  topic: string,
  partitions: readonly number[] | 'all',
): Promise<readonly PartitionOffsets[]> {
  const leaders = await leadersOf(client, topic)
  const wanted = partitions === 'all' ? [...leaders.keys()] : partitions
  const [low, high] = await Promise.all([
    offsetsAt(client, topic, wanted, leaders, EARLIEST),
    offsetsAt(client, topic, wanted, leaders, LATEST),
  ])
  return wanted
    .toSorted((a, b) => a - b)
    .map((partition) => ({ partition, low: low.get(partition) ?? 0, high: high.get(partition) ?? 0 }))
}

export async function boundsOf(client: ClusterClient, tp: TopicPartition): Promise<PartitionOffsets> {
  const [bounds] = await logBounds(client, tp.topic, [tp.partition])
  return bounds ?? { partition: tp.partition, low: 0, high: 0 }
}

/**
 * The first offset at or after a timestamp; -1 where there is none.
 *
 * @throws kafkajs's error of a partition asked for that does not exist or has no leader now: others do not matter
 */
export async function offsetsAt(
  client: ClusterClient,
  topic: string,
  partitions: readonly number[],
  leaders: ReadonlyMap<number, number>,
  timestamp: number,
): Promise<ReadonlyMap<number, number>> {
  for (const partition of partitions) {
    const leader = leaders.get(partition)
    if (leader === undefined) throw client.errorOf(KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION)
    if (leader < 0) throw client.errorOf(KAFKA_ERROR.LEADER_NOT_AVAILABLE)
  }
  const byLeader = Map.groupBy(partitions, (partition) => leaders.get(partition) ?? -1)
  const answers = await Promise.all(
    [...byLeader].map(async ([leader, led]) => {
      const topics = [{ topic, partitions: led.map((partition) => ({ partition, timestamp })) }]
      const args = { isolationLevel: READ_UNCOMMITTED, topics }
      return await client.call<ListedOffsets>(await client.node(leader), 'ListOffsets', args)
    }),
  )
  const offsets = new Map<number, number>()
  for (const { partition, errorCode, offset } of answers.flatMap(partitionsOf)) {
    client.check(errorCode)
    offsets.set(partition, Number(offset))
  }
  return offsets
}

function partitionsOf(answer: ListedOffsets): ListedOffsets['responses'][number]['partitions'] {
  return answer.responses.flatMap(({ partitions }) => partitions)
}
