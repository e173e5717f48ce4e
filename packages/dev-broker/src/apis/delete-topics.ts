// DeleteTopics, versions 1 to 3. At once: readers that wait are woken and told, committed offsets go along.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ApiDefinition, defineApi } from './api.ts'

export const deleteTopics: ApiDefinition = defineApi({
  name: 'DeleteTopics',
  versions: [1, 3],
  request: { topics: ['string'], timeoutMs: 'int32' },
  response: { throttleTimeMs: 'int32 =0', topics: [{ name: 'string', errorCode: 'int16' }] },

  handle: ({ topics }, { broker }) => ({
    topics: topics.map((name) => {
      const topic = broker.topics.find(name)
      if (topic === undefined) return { name, errorCode: KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION }
      broker.topics.delete(topic)
      broker.groups.forgetTopic(name)
      return { name, errorCode: KAFKA_ERRORS.NONE }
    }),
  }),
})
