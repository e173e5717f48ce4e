import type { CommittedOffset } from '../../ports/admin-port.ts'
import type { CommitEntry } from '../../ports/consumer-port.ts'
import { partitionId, type TopicPartition } from '../../ports/record.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'
import type { ClusterClient } from './cluster-client.ts'

/** In whose name a group's offsets are stored. */
export interface Committer {
  readonly groupId: string
  readonly memberId: string
  readonly generation: number
}

/** Commits for a group that has no members; a group that has some refuses it. */
export function memberless(groupId: string): Committer {
  return { groupId, memberId: '', generation: -1 }
}

interface TopicAnswers<T> {
  readonly errorCode?: number
  readonly responses: readonly { readonly topic: string; readonly partitions: readonly T[] }[]
}

/** What a group committed, one answer per partition asked for, in their order. */
export async function fetchCommitted(
  client: ClusterClient,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<readonly CommittedOffset[]> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, tps]) => ({
    topic,
    partitions: tps.map(({ partition }) => ({ partition })),
  }))
  const answer = await client.call<
    TopicAnswers<{ partition: number; errorCode: number; offset: string; metadata: string | null }>
  >(await client.coordinator(groupId), 'OffsetFetch', { groupId, topics })
  client.check(answer.errorCode ?? 0)
  const found = new Map<string, { next: number | null; metadata: string }>()
  for (const { topic, partitions: answers } of answer.responses) {
    for (const { partition, errorCode, offset, metadata } of answers) {
      client.check(errorCode)
      const next = Number(offset) < 0 ? null : Number(offset)
      found.set(partitionId({ topic, partition }), { next, metadata: next === null ? '' : (metadata ?? '') })
    }
  }
  return partitions.map((tp) => ({ tp, ...(found.get(partitionId(tp)) ?? { next: null, metadata: '' }) }))
}

/** Sends one commit and answers Kafka's error code of every entry, in their order. */
export async function commitOffsets(
  client: ClusterClient,
  committer: Committer,
  entries: readonly CommitEntry[],
): Promise<readonly number[]> {
  const topics = [...Map.groupBy(entries, ({ tp }) => tp.topic)].map(([topic, ofTopic]) => ({
    topic,
    partitions: ofTopic.map(({ tp, next, metadata }) => ({ partition: tp.partition, offset: String(next), metadata })),
  }))
  const { groupId, memberId, generation } = committer
  const answer = await client.call<TopicAnswers<{ partition: number; errorCode: number }>>(
    await client.coordinator(groupId),
    'OffsetCommit',
    { groupId, memberId, groupGenerationId: generation, retentionTime: -1, topics },
  )
  const codes = new Map<string, number>()
  for (const { topic, partitions } of answer.responses) {
    for (const { partition, errorCode } of partitions) codes.set(partitionId({ topic, partition }), errorCode)
  }
  return entries.map(({ tp }) => codes.get(partitionId(tp)) ?? KAFKA_ERROR.UNKNOWN_SERVER_ERROR)
}
