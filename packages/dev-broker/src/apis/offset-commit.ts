// OffsetCommit, versions 2 to 7. Judged by member and generation, not by who owns the partition, as Kafka's classic groups do.
// A member's commit renews its session. Retention times (2 to 4) and static ids (7) are ignored: see UNSUPPORTED.md.

import type { BrokerState } from '../broker-state.ts'
import type { OffsetToCommit } from '../groups/committed-offsets.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'
import { answerPartitions, topicPartitions } from './topic-partitions.ts'

export const offsetCommit: ApiDefinition = defineApi({
  name: 'OffsetCommit',
  versions: [2, 7],
  request: {
    groupId: 'string',
    generationId: 'int32',
    memberId: 'string',
    groupInstanceId: 'string? @7+',
    retentionTimeMs: 'int64 @2-4',
    topics: topicPartitions({
      index: 'int32',
      offset: 'int64',
      leaderEpoch: 'int32 @6+ =-1',
      metadata: 'string?',
    }),
  },
  response: {
    throttleTimeMs: 'int32 @3+ =0',
    topics: topicPartitions({ index: 'int32', errorCode: 'int16' }),
  },

  handle({ groupId, memberId, generationId, topics }, { broker }) {
    const { groups } = broker
    const group = groups.admitCommit(groupId, memberId, generationId)
    if (typeof group === 'number') return { topics: answerPartitions(topics, () => ({ errorCode: group })) }
    const offsets: OffsetToCommit[] = []
    const answers = answerPartitions(topics, (topic, { index: partition, offset, leaderEpoch, metadata }) => {
      const committed = { topic, partition, offset, leaderEpoch, metadata: metadata ?? '' }
      const errorCode = commitFault(committed, broker)
      if (errorCode === KAFKA_ERRORS.NONE) offsets.push(committed)
      return { errorCode }
    })
    const errorCode = groups.commit(group, offsets)
    return { topics: errorCode === KAFKA_ERRORS.NONE ? answers : answerPartitions(topics, () => ({ errorCode })) }
  },
})

function commitFault({ topic, partition, metadata }: OffsetToCommit, { topics, groups }: BrokerState): number {
  if (topics.partition(topic, partition) === undefined) return KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION
  const isTooLong = metadata.length > groups.limits.maxOffsetMetadataLength
  return isTooLong ? KAFKA_ERRORS.OFFSET_METADATA_TOO_LARGE : KAFKA_ERRORS.NONE
}
