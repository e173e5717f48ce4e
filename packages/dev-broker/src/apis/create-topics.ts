// CreateTopics, versions 2 to 4. −1 partitions or replicas: the broker's default. A replica per node at most.
// A topic is there when the answer is; every refusal carries Kafka's code and a message that says why.

import type { BrokerState } from '../broker-state.ts'
import { unlessStorageFails } from '../disk/storage-error.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import type { Decoded } from '../protocol/schema.ts'
import { topicConfigFault } from '../topics/topic-configs.ts'
import { topicNameFault } from '../topics/topic-name.ts'
import { type ApiDefinition, defineApi } from './api.ts'
import { assignmentFault, sizeFault, type TopicFault, topicFault } from './topic-fault.ts'

const topicRequest = {
  name: 'string',
  partitionCount: 'int32',
  replicationFactor: 'int16',
  assignments: [{ index: 'int32', brokerIds: ['int32'] }],
  configs: [{ name: 'string', value: 'string?' }],
} as const

type TopicRequest = Decoded<typeof topicRequest>

export const createTopics: ApiDefinition = defineApi({
  name: 'CreateTopics',
  versions: [2, 4],
  request: { topics: [topicRequest], timeoutMs: 'int32', validateOnly: 'boolean' },
  response: {
    throttleTimeMs: 'int32 =0',
    topics: [{ name: 'string', errorCode: 'int16', errorMessage: 'string? =null' }],
  },

  handle({ topics, validateOnly }, { broker }) {
    const totalPartitions = topics.reduce((total, topic) => total + placementOf(topic, broker).partitionCount, 0)
    const create = (topic: TopicRequest): { name: string; errorCode: number } => {
      const { name, configs } = topic
      const isTwice = topics.filter((other) => other.name === name).length > 1
      const fault = isTwice
        ? topicFault('INVALID_REQUEST', `Duplicate topic '${name}' in the request.`)
        : (nameFault(name, broker) ??
          placementFault(topic, broker) ??
          sizeFault(totalPartitions) ??
          configFault(configs))
      if (fault !== null) return { name, ...fault }
      const overrides = configs.flatMap(({ name: config, value }) => (value === null ? [] : [[config, value] as const]))
      const wanted = { ...placementOf(topic, broker), name, overrides: new Map(overrides) }
      const isDone = validateOnly || unlessStorageFails(() => broker.topics.create(wanted)) !== null
      return { name, errorCode: isDone ? KAFKA_ERRORS.NONE : KAFKA_ERRORS.KAFKA_STORAGE_ERROR }
    }
    return { topics: topics.map(create) }
  },
})

function nameFault(name: string, { topics }: BrokerState): TopicFault | null {
  const illegal = topicNameFault(name)
  if (illegal !== null) return topicFault('INVALID_TOPIC_EXCEPTION', `Topic name is invalid: ${illegal}`)
  if (topics.find(name) !== undefined) return topicFault('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
  const other = topics.colliding(name)?.name
  if (other === undefined) return null
  return topicFault('INVALID_TOPIC_EXCEPTION', `Topic '${name}' collides with existing topic: ${other}`)
}

function placementFault(
  { assignments, partitionCount, replicationFactor }: TopicRequest,
  { cluster }: BrokerState,
): TopicFault | null {
  const { length } = cluster.live
  if (assignments.length > 0) return assignmentFault(assignments)
  if (partitionCount === 0 || partitionCount < -1)
    return topicFault('INVALID_PARTITIONS', `Number of partitions must be positive, or -1: ${partitionCount}.`)
  if (replicationFactor === -1 || (replicationFactor >= 1 && replicationFactor <= length)) return null
  const reason = `A replication factor of ${replicationFactor} cannot be reached: brokers available: ${length}.`
  return topicFault('INVALID_REPLICATION_FACTOR', reason)
}

function configFault(configs: TopicRequest['configs']): TopicFault | null {
  for (const { name, value } of configs) {
    const reason = topicConfigFault(name, value)
    if (reason !== null) return topicFault('INVALID_CONFIG', reason)
  }
  return null
}

function placementOf({ partitionCount, replicationFactor }: TopicRequest, { defaultPartitions }: BrokerState) {
  return {
    partitionCount: partitionCount === -1 ? defaultPartitions : partitionCount,
    replicationFactor: replicationFactor === -1 ? 1 : replicationFactor,
  }
}
