// OffsetFetch, versions 1 to 5. A null topic list (2+) asks for everything the group has committed. What was never committed
// is answered with offset −1 and empty metadata, also for a group nobody has heard of.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'
import { topicPartitions } from './topic-partitions.ts'

export const offsetFetch: ApiDefinition = defineApi({
  name: 'OffsetFetch',
  versions: [1, 5],
  request: { groupId: 'string', topics: ['?', { name: 'string', partitions: ['int32'] }] },
  response: {
    throttleTimeMs: 'int32 @3+ =0',
    topics: topicPartitions({
      index: 'int32',
      offset: 'int64 =-1',
      leaderEpoch: 'int32 @5+ =-1',
      metadata: 'string? =""',
      errorCode: 'int16',
    }),
    errorCode: 'int16 @2+',
  },

  handle({ groupId, topics }, { broker }) {
    const offsets = broker.groups.find(groupId)?.offsets
    const everything = [...(offsets?.topics ?? [])].map(([name, committed]) => ({
      name,
      partitions: [...committed.keys()],
    }))
    return {
      topics: (topics ?? everything).map(({ name, partitions }) => ({
        name,
        partitions: partitions.map((index) => ({
          index,
          errorCode: KAFKA_ERRORS.NONE,
          ...offsets?.get(name, index),
        })),
      })),
      errorCode: KAFKA_ERRORS.NONE,
    }
  },
})
