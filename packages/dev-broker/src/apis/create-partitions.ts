// CreatePartitions, versions 0 and 1: `count` is the new total. Existing partitions keep their records.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import type { Topic } from '../topics/topic-catalog.ts'
import { type ApiDefinition, defineApi } from './api.ts'
import { assignmentFault, sizeFault, type TopicFault, topicFault } from './topic-fault.ts'

export const createPartitions: ApiDefinition = defineApi({
  name: 'CreatePartitions',
  versions: [0, 1],
  request: {
    topics: [{ name: 'string', count: 'int32', assignments: ['?', { brokerIds: ['int32'] }] }],
    timeoutMs: 'int32',
    validateOnly: 'boolean',
  },
  response: {
    throttleTimeMs: 'int32 =0',
    topics: [{ name: 'string', errorCode: 'int16', errorMessage: 'string? =null' }],
  },

  handle: ({ topics, validateOnly }, { broker }) => ({
    topics: topics.map(({ name, count, assignments }) => {
      const topic = broker.topics.find(name)
      if (topic === undefined)
        return { name, ...topicFault('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`) }
      const fault = growthFault(topic, count) ?? assignmentFault(assignments)
      if (fault !== null) return { name, ...fault }
      if (!validateOnly) broker.topics.grow(topic, count)
      return { name, errorCode: KAFKA_ERRORS.NONE }
    }),
  }),
})

function growthFault({ name, partitions: { length } }: Topic, count: number): TopicFault | null {
  if (count > length) return sizeFault(count - length)
  const reason = `The topic ${name} currently has ${length} partition(s); ${count} would not be an increase.`
  return topicFault('INVALID_PARTITIONS', reason)
}
