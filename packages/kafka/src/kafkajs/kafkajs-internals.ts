import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import { TowlineError } from '@towline/contracts'
import type { Logger as KafkajsLogger } from 'kafkajs'

/** The only kafkajs these internals were read and tested in. */
export const KAFKAJS_VERSION = '2.2.4'

/** A request as kafkajs's connections take it. */
export interface ProtocolRequest {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    readonly expectResponse?: () => boolean
    readonly encode: () => Promise<EncodedBytes>
  }
  readonly response: {
    readonly decode: (payload: Buffer) => Promise<unknown>
    readonly parse: (decoded: never) => Promise<unknown>
  }
  readonly requestTimeout?: number | null
  readonly logResponseError?: boolean
}

/** What kafkajs's encoders return and take. */
export interface EncodedBytes {
  readonly buf: Buffer
  readonly buffer: Buffer
  size(): number
}

export interface KafkajsEncoder extends EncodedBytes {
  writeInt16(value: number): KafkajsEncoder
  writeInt32(value: number): KafkajsEncoder
  writeBoolean(value: boolean): KafkajsEncoder
  writeString(value: string | null): KafkajsEncoder
  writeArray(value: readonly unknown[]): KafkajsEncoder
  writeBuffer(value: Buffer): KafkajsEncoder
}

export interface ConnectionPool {
  readonly host: string
  readonly port: number
  send(request: ProtocolRequest): Promise<unknown>
}

export interface RequestDefinition {
  readonly versions: readonly string[]
}

/** kafkajs's `Broker`: one node with its two connections. */
export interface Broker {
  readonly nodeId: number | null
  readonly connectionPool: ConnectionPool
  /** What it serves, by API key; null until it was connected. */
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>> | null
  isConnected(): boolean
  connect(): Promise<void>
  disconnect(): Promise<void>
  lookupRequest(apiKey: number, definition: RequestDefinition): (args: object) => ProtocolRequest
  heartbeat(args: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>
  joinGroup(args: { memberId: string }): Promise<{ readonly memberId: string }>
  leaveGroup(args: { groupId: string; memberId: string }): Promise<unknown>
  syncGroup(args: { groupId: string; generationId: number; memberId: string }): Promise<unknown>
  fetch(args: KafkajsFetch): Promise<unknown>
}

export interface KafkajsFetch {
  readonly maxWaitTime: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly isolationLevel: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly {
      readonly partition: number
      readonly fetchOffset: string
      readonly maxBytes: number
    }[]
  }[]
}

/** kafkajs's `Cluster`, as a consumer's assigner gets it. */
export interface Cluster {
  findBroker(node: { nodeId: number | string }): Promise<Broker>
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[]
  refreshMetadata(): Promise<void>
}

export interface ConnectionPoolBuilder {
  build(address: { host: string; port: number; rack?: string }): Promise<ConnectionPool>
}

export interface KafkajsRequestQueue {
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  readonly pending: readonly unknown[]
  checkPendingRequests(): void
  scheduleCheckPendingRequests(): void
}

export interface KafkajsConnection {
  socket?: Socket | undefined
  chunks: Buffer[]
  bytesBuffered: number
  bytesNeeded: number
  isConnected(): boolean
  connect(): Promise<unknown>
  disconnect(): Promise<unknown>
}

export interface KafkajsConsumerGroup {
  readonly maxWaitTime: number
  readonly memberId: string | null
  readonly cluster: { refreshMetadataIfNecessary(): Promise<void> }
  readonly subscriptionState: { active(): readonly TopicPartitions[] }
  checkForStaleAssignment(): void
  filterPartitionsByNode(nodeId: string, topics: readonly TopicPartitions[]): readonly TopicPartitions[]
  recoverFromFetch(error: unknown): Promise<void>
  fetch(nodeId: string): Promise<readonly unknown[]>
  resume(topics: readonly TopicPartitions[]): void
}

export interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

export type ApiName =
  | 'Produce'
  | 'Fetch'
  | 'ListOffsets'
  | 'Metadata'
  | 'OffsetCommit'
  | 'OffsetFetch'
  | 'GroupCoordinator'
  | 'JoinGroup'
  | 'SyncGroup'
  | 'Heartbeat'
  | 'LeaveGroup'
  | 'DescribeGroups'
  | 'ListGroups'
  | 'CreateTopics'
  | 'DeleteTopics'
  | 'DescribeConfigs'
  | 'CreatePartitions'
  | 'DeleteGroups'

/** The modules of kafkajs that are reached without its public API. It has no `exports` field, so they can be required. */
export interface KafkajsInternals {
  readonly Broker: new (options: {
    connectionPool: ConnectionPool
    logger: KafkajsLogger
    nodeId?: number | null
    allowAutoTopicCreation: boolean
  }) => Broker
  readonly Encoder: new (initialSizeBytes?: number) => KafkajsEncoder
  readonly Decoder: new (bytes: Buffer) => object
  readonly RequestQueue: { readonly prototype: KafkajsRequestQueue }
  readonly Connection: { readonly prototype: KafkajsConnection }
  readonly ConsumerGroup: { readonly prototype: KafkajsConsumerGroup }
  readonly apiKeys: Readonly<Record<ApiName, number>>
  readonly requests: Readonly<Record<ApiName, RequestDefinition>>
  readonly decodeMessageSet: (decoder: object, sizeBytes: number) => Promise<readonly LegacyMessage[]>
  readonly errorOfCode: (code: number) => ProtocolError
  readonly createLogger: (options: { level: number; logCreator: unknown }) => KafkajsLogger
  readonly connectionPoolBuilder: (options: object) => ConnectionPoolBuilder
}

/** A record of message format 0 or 1 (before Kafka 0.11). */
export interface LegacyMessage {
  readonly offset: string
  readonly timestamp?: string
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** kafkajs's `KafkaJSProtocolError`: an error code of Kafka's. */
export interface ProtocolError extends Error {
  readonly type: string
  readonly code: number
  readonly retriable: boolean
}

/**
 * Loads kafkajs's internals.
 *
 * @throws TowlineError TOWLINE_KAFKAJS_VERSION when another version is installed.
 */
export function loadKafkajs(require: NodeJS.Require = createRequire(import.meta.url)): KafkajsInternals {
  checkVersion((require('kafkajs/package.json') as { version: string }).version)
  const load = <T>(path: string): T => require(`kafkajs/src/${path}`) as T
  return {
    Broker: load('broker'),
    Encoder: load('protocol/encoder'),
    Decoder: load('protocol/decoder'),
    RequestQueue: load('network/requestQueue'),
    Connection: load('network/connection'),
    ConsumerGroup: load('consumer/consumerGroup'),
    apiKeys: load('protocol/requests/apiKeys'),
    requests: load<{ requests: KafkajsInternals['requests'] }>('protocol/requests').requests,
    decodeMessageSet: load('protocol/messageSet/decoder'),
    errorOfCode: load<{ createErrorFromCode: (code: number) => ProtocolError }>('protocol/error').createErrorFromCode,
    createLogger: load<{ createLogger: KafkajsInternals['createLogger'] }>('loggers').createLogger,
    connectionPoolBuilder: load('cluster/connectionPoolBuilder'),
  }
}

export function checkVersion(installed: string): void {
  if (installed === KAFKAJS_VERSION) return
  throw new TowlineError(
    'TOWLINE_KAFKAJS_VERSION',
    `kafkajs must be ${KAFKAJS_VERSION}, whose faults Towline knows and patches, got ${installed}`,
    {
      value: installed,
      bound: KAFKAJS_VERSION,
      wayOut: `Pin it: npm install --save-exact kafkajs@${KAFKAJS_VERSION}, or an "overrides" entry for it`,
    },
  )
}
