// DeleteRecords, versions 0 and 1: moves the start of a log. Offset −1 means its end.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'
import { answerPartitions, topicPartitions } from './topic-partitions.ts'

const END_OF_LOG = -1

export const deleteRecords: ApiDefinition = defineApi({
  name: 'DeleteRecords',
  versions: [0, 1],
  request: { topics: topicPartitions({ index: 'int32', offset: 'int64' }), timeoutMs: 'int32' },
  response: {
    throttleTimeMs: 'int32 =0',
    topics: topicPartitions({ index: 'int32', lowWatermark: 'int64 =-1', errorCode: 'int16' }),
  },

  handle: ({ topics }, { broker }) => ({
    topics: answerPartitions(topics, (name, { index, offset: asked }) => {
      const log = broker.topics.partition(name, index)
      if (log === undefined) return { errorCode: KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION }
      const offset = asked === END_OF_LOG ? log.endOffset : asked
      if (offset < 0 || offset > log.endOffset) return { errorCode: KAFKA_ERRORS.OFFSET_OUT_OF_RANGE }
      log.truncateBefore(offset)
      return { lowWatermark: log.startOffset, errorCode: KAFKA_ERRORS.NONE }
    }),
  }),
})
