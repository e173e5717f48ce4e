// Metadata, versions 0 to 6. One broker, which is controller and leader of everything. Never creates a topic, whatever
// allowAutoTopicCreation says: unknown ones are answered with UNKNOWN_TOPIC_OR_PARTITION.

import type { BrokerState } from '../broker-state.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import type { Encodable } from '../protocol/schema.ts'
import { topicNameFault } from '../topics/topic-name.ts'
import { type ApiDefinition, defineApi } from './api.ts'

const topicResponse = {
  errorCode: 'int16',
  name: 'string',
  isInternal: 'boolean @1+ =false',
  partitions: [
    '=',
    {
      errorCode: 'int16',
      index: 'int32',
      leaderId: 'int32',
      replicas: ['int32'],
      inSyncReplicas: ['int32'],
      offlineReplicas: ['@5+ =', 'int32'],
    },
  ],
} as const

export const metadata: ApiDefinition = defineApi({
  name: 'Metadata',
  versions: [0, 6],
  request: { topics: ['?', 'string'], allowAutoTopicCreation: 'boolean @4+' },
  response: {
    throttleTimeMs: 'int32 @3+ =0',
    brokers: [{ nodeId: 'int32', host: 'string', port: 'int32', rack: 'string? @1+ =null' }],
    clusterId: 'string? @2+',
    controllerId: 'int32 @1+',
    topics: [topicResponse],
  },

  handle({ topics: asked }, { version, broker }) {
    const { nodeId, host, port, clusterId } = broker
    const wantsAll = asked === null || (version === 0 && asked.length === 0)
    const names = wantsAll ? [...broker.topics.all].map(({ name }) => name) : asked
    return {
      brokers: [{ nodeId, host, port }],
      clusterId,
      controllerId: nodeId,
      topics: names.map((name) => describe(name, broker)),
    }
  },
})

function describe(name: string, { topics, nodeId }: BrokerState): Encodable<typeof topicResponse> {
  const topic = topics.find(name)
  if (topic === undefined) {
    const isLegal = topicNameFault(name) === null
    const errorCode = isLegal ? KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION : KAFKA_ERRORS.INVALID_TOPIC_EXCEPTION
    return { errorCode, name }
  }
  const errorCode = KAFKA_ERRORS.NONE
  const replicas = [nodeId]
  const partitions = topic.partitions.map((_, index) => ({
    errorCode,
    index,
    leaderId: nodeId,
    replicas,
    inSyncReplicas: replicas,
  }))
  return { errorCode, name, partitions }
}
