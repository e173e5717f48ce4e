// DescribeConfigs, versions 1 and 2, for topics (type 2) and the node that is asked (type 4). Every topic setting of Kafka is listed with
// its value; UNSUPPORTED.md says which have no effect here. Synonyms are never listed.

import type { BrokerState } from '../broker-state.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { TOPIC_CONFIGS } from '../topics/topic-configs.ts'
import { type ApiCall, type ApiDefinition, defineApi } from './api.ts'
import { type TopicFault, topicFault } from './topic-fault.ts'

const RESOURCE = { topic: 2, broker: 4 } as const
const SOURCE = { topic: 1, staticBroker: 4, default: 5 } as const

interface ConfigEntry {
  readonly name: string
  readonly value: string
  readonly isReadOnly: boolean
  readonly source: number
}

export const describeConfigs: ApiDefinition = defineApi({
  name: 'DescribeConfigs',
  versions: [1, 2],
  request: {
    resources: [{ type: 'int8', name: 'string', keys: ['?', 'string'] }],
    includeSynonyms: 'boolean',
  },
  response: {
    throttleTimeMs: 'int32 =0',
    resources: [
      {
        errorCode: 'int16',
        errorMessage: 'string? =null',
        type: 'int8',
        name: 'string',
        configs: [
          '=',
          {
            name: 'string',
            value: 'string?',
            isReadOnly: 'boolean',
            source: 'int8',
            isSensitive: 'boolean =false',
            synonyms: ['=', { name: 'string', value: 'string?', source: 'int8' }],
          },
        ],
      },
    ],
  },

  handle: ({ resources }, call) => ({
    resources: resources.map(({ type, name, keys }) => {
      const found = entriesOf(type, name, call)
      if ('errorCode' in found) return { ...found, type, name }
      const configs = found.filter((config) => keys === null || keys.length === 0 || keys.includes(config.name))
      return { errorCode: KAFKA_ERRORS.NONE, type, name, configs }
    }),
  }),
})

function entriesOf(type: number, name: string, { broker, node }: ApiCall): readonly ConfigEntry[] | TopicFault {
  switch (type) {
    case RESOURCE.topic: {
      const overrides = broker.topics.find(name)?.overrides
      return overrides === undefined
        ? topicFault('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`)
        : topicEntries(overrides)
    }
    case RESOURCE.broker:
      return name === '' || name === String(node.id)
        ? brokerEntries(broker, node.id)
        : topicFault('INVALID_REQUEST', `Unexpected broker id, expected ${node.id}, but received ${name}`)
    default:
      return topicFault('INVALID_REQUEST', `Unsupported resource type: ${type}`)
  }
}

function topicEntries(overrides: ReadonlyMap<string, string>): readonly ConfigEntry[] {
  return Object.entries(TOPIC_CONFIGS).map(([name, { default: standard }]) => ({
    name,
    value: overrides.get(name) ?? standard,
    isReadOnly: false,
    source: overrides.has(name) ? SOURCE.topic : SOURCE.default,
  }))
}

function brokerEntries({ defaultPartitions, groups: { limits } }: BrokerState, nodeId: number): readonly ConfigEntry[] {
  const values = {
    'auto.create.topics.enable': false,
    'group.max.session.timeout.ms': limits.maxSessionTimeoutMs,
    'group.min.session.timeout.ms': limits.minSessionTimeoutMs,
    'node.id': nodeId,
    'num.partitions': defaultPartitions,
    'offset.metadata.max.bytes': limits.maxOffsetMetadataLength,
  }
  return Object.entries(values).map(([name, value]) => ({
    name,
    value: String(value),
    isReadOnly: true,
    source: SOURCE.staticBroker,
  }))
}
