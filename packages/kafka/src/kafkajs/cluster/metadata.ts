import type { Broker } from '../kafkajs-internals.ts'
import type { ClusterClient } from './cluster-client.ts'

export interface BrokerAddress {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export interface TopicMetadata {
  readonly topic: string
  readonly topicErrorCode: number
  readonly isInternal?: boolean
  readonly partitionMetadata: readonly {
    readonly partitionId: number
    readonly partitionErrorCode: number
    /** Node id, or -1 while there is none. */
    readonly leader: number
  }[]
}

export interface ClusterMetadata {
  readonly brokers: readonly BrokerAddress[]
  readonly controllerId: number
  readonly topicMetadata: readonly TopicMetadata[]
}

const FIRST_WITH_AUTO_CREATE = 4

/** Metadata as the broker answers it, errors of topics and partitions left in place. */
export async function readMetadata(
  client: ClusterClient,
  broker: Broker,
  topics: readonly string[] | 'all',
): Promise<ClusterMetadata> {
  const { apiKeys, requests, Encoder } = client.context.kafkajs
  const wire = broker.lookupRequest(
    apiKeys.Metadata,
    requests.Metadata,
  )({ topics: topics === 'all' ? [] : topics, allowAutoTopicCreation: false })
  // kafkajs encodes an empty list as "all topics".
  const encode = (): Promise<ReturnType<typeof noTopics>> => Promise.resolve(noTopics())
  const noTopics = (): InstanceType<typeof Encoder> => {
    const encoder = new Encoder().writeArray([])
    return wire.request.apiVersion >= FIRST_WITH_AUTO_CREATE ? encoder.writeBoolean(false) : encoder
  }
  const request = topics.length === 0 ? { ...wire.request, encode } : wire.request
  const response = { decode: wire.response.decode, parse: (decoded: ClusterMetadata) => Promise.resolve(decoded) }
  return (await broker.connectionPool.send({ ...wire, request, response })) as ClusterMetadata
}
