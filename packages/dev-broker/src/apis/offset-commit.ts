// OffsetCommit, versions 2 to 7. Judged by member and generation, not by who owns the partition, as Kafka's classic groups do.
// A member's commit renews its session. Retention times (2 to 4) and static ids (7) are ignored: see UNSUPPORTED.md.

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
    const group = broker.groups.admitCommit(groupId, memberId, generationId)
    return {
      topics: answerPartitions(topics, (name, { index, offset, leaderEpoch, metadata }) => {
        if (typeof group === 'number') return { errorCode: group }
        if (broker.topics.partition(name, index) === undefined)
          return { errorCode: KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION }
        const committed = { offset, leaderEpoch, metadata: metadata ?? '' }
        return { errorCode: broker.groups.commit(group, name, index, committed) }
      }),
    }
  },
})
