// DeleteRecords, versions 0 and 1: moves the start of a log. Offset −1 means its end.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'
import { answerPartitions, ledPartition, topicPartitions } from './topic-partitions.ts'

const END_OF_LOG = -1

export const deleteRecords: ApiDefinition = defineApi({
  name: 'DeleteRecords',
  versions: [0, 1],
  request: { topics: topicPartitions({ index: 'int32', offset: 'int64' }), timeoutMs: 'int32' },
  response: {
    throttleTimeMs: 'int32 =0',
    topics: topicPartitions({ index: 'int32', lowWatermark: 'int64 =-1', errorCode: 'int16' }),
  },

  handle: ({ topics }, call) => ({
    topics: answerPartitions(topics, (name, { index, offset: asked }) => {
      const led = ledPartition(call, name, index)
      if (typeof led === 'number') return { errorCode: led }
      const { log, topic } = led
      const offset = asked === END_OF_LOG ? log.endOffset : asked
      if (offset < 0 || offset > log.endOffset) return { errorCode: KAFKA_ERRORS.OFFSET_OUT_OF_RANGE }
      call.broker.topics.truncateBefore(topic, index, offset)
      return { lowWatermark: log.startOffset, errorCode: KAFKA_ERRORS.NONE }
    }),
  }),
})
