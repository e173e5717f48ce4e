// Metadata, versions 0 to 6. The first node that is up is the controller. Never creates a topic, whatever
// allowAutoTopicCreation says: unknown ones are answered with UNKNOWN_TOPIC_OR_PARTITION.

import type { BrokerState } from '../broker-state.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import type { Encodable } from '../protocol/schema.ts'
import { topicNameFault } from '../topics/topic-name.ts'
import { type ApiDefinition, defineApi } from './api.ts'

const NO_NODE = -1

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
    const { live, id: clusterId } = broker.cluster
    const wantsAll = asked === null || (version === 0 && asked.length === 0)
    const names = wantsAll ? [...broker.topics.all].map(({ name }) => name) : asked
    return {
      brokers: live.map(({ id: nodeId, host, port }) => ({ nodeId, host, port })),
      clusterId,
      controllerId: live[0]?.id ?? NO_NODE,
      topics: names.map((name) => describe(name, broker)),
    }
  },
})

function describe(name: string, { topics, cluster }: BrokerState): Encodable<typeof topicResponse> {
  const topic = topics.find(name)
  if (topic === undefined) {
    const isLegal = topicNameFault(name) === null
    const errorCode = isLegal ? KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION : KAFKA_ERRORS.INVALID_TOPIC_EXCEPTION
    return { errorCode, name }
  }
  const partitions = topic.partitions.map((_, index) => {
    const replicas = cluster.replicasOf(topic, index)
    const leaderId = cluster.leaderOf(topic, index) ?? NO_NODE
    return {
      errorCode: leaderId === NO_NODE ? KAFKA_ERRORS.LEADER_NOT_AVAILABLE : KAFKA_ERRORS.NONE,
      index,
      leaderId,
      replicas,
      inSyncReplicas: replicas.filter((id) => cluster.isUp(id)),
      offlineReplicas: replicas.filter((id) => !cluster.isUp(id)),
    }
  })
  return { errorCode: KAFKA_ERRORS.NONE, name, partitions }
}
