// What an API of the broker is: its number, its versions, its two schemas and its handler.

import type { BrokerState } from '../broker-state.ts'
import type { ClusterNode } from '../cluster/cluster.ts'
import { compileMessage } from '../protocol/codec.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import type { Reader } from '../protocol/reader.ts'
import type { Decoded, Encodable, MessageSchema } from '../protocol/schema.ts'
import type { FrameWriter } from '../protocol/writer.ts'
import { refusal } from './refusal.ts'

/** Kafka's key of every API served here. */
const API_KEYS = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  DescribeGroups: 15,
  ListGroups: 16,
  ApiVersions: 18,
  CreateTopics: 19,
  DeleteTopics: 20,
  DeleteRecords: 21,
  DescribeConfigs: 32,
  CreatePartitions: 37,
  DeleteGroups: 42,
} as const

export type ApiName = keyof typeof API_KEYS

/** One request on its way through a handler. */
export interface ApiCall {
  readonly version: number
  readonly clientId: string
  /** As Kafka shows it: `/127.0.0.1`. */
  readonly clientHost: string
  /** The node that was asked. */
  readonly node: ClusterNode
  readonly broker: BrokerState
  /** Aborts when the connection is gone: an answer that waits may give up. */
  readonly connectionClosed: AbortSignal
}

/**
 * Instead of a response: the client wants none (acks 0), or is told of an error by losing the connection, as in Kafka.
 * Only a fault resets it.
 */
export type Unanswered = 'no-answer' | 'close-connection' | 'reset-connection'

export type Answer<Response> = Response | Unanswered

interface ApiIdentity {
  readonly name: ApiName
  /** First and last version served. */
  readonly versions: readonly [first: number, last: number]
}

interface TypedApi<Request extends MessageSchema, Response extends MessageSchema> extends ApiIdentity {
  /** What ApiVersions says the first one is, where that must differ. */
  readonly advertisedFirst?: number
  /** From this version on lengths are compact and structures end in tagged fields. */
  readonly flexibleFrom?: number
  readonly request: Request
  readonly response: Response
  handle(request: Decoded<Request>, call: ApiCall): Answer<Encodable<Response>> | Promise<Answer<Encodable<Response>>>
  /** Whether the client listens for an answer. Default: it does. */
  wantsAnswer?(request: Decoded<Request>): boolean
}

/** An API with its types erased, as the registry keeps it. Requests and responses are opaque outside of it. */
export interface ApiDefinition extends ApiIdentity {
  readonly key: number
  readonly advertisedFirst: number
  readonly requestSchema: MessageSchema
  readonly responseSchema: MessageSchema
  isFlexible(version: number): boolean
  readRequest(reader: Reader, version: number): unknown
  writeResponse(writer: FrameWriter, version: number, response: unknown): void
  handle(request: unknown, call: ApiCall): Answer<unknown> | Promise<Answer<unknown>>
  /** The answer that says `errorCode` wherever this API says errors. */
  refuse(request: unknown, errorCode: number): Answer<unknown>
}

export function defineApi<const Request extends MessageSchema, const Response extends MessageSchema>(
  api: TypedApi<Request, Response>,
): ApiDefinition {
  const flexibleFrom = api.flexibleFrom ?? Number.POSITIVE_INFINITY
  const isFlexible = (version: number): boolean => version >= flexibleFrom
  const requests = perVersion((version) => compileMessage(api.request, version, isFlexible(version)))
  const responses = perVersion((version) => compileMessage(api.response, version, isFlexible(version)))
  const refuse = (request: unknown, errorCode: number): Answer<unknown> => {
    if (api.wantsAnswer?.(request as Decoded<Request>) === false) return 'close-connection'
    return refusal(api.response, request as Decoded<Request>, errorCode)
  }
  return {
    key: API_KEYS[api.name],
    name: api.name,
    versions: api.versions,
    advertisedFirst: api.advertisedFirst ?? api.versions[0],
    requestSchema: api.request,
    responseSchema: api.response,
    isFlexible,
    readRequest: (reader, version) => requests(version).read(reader),
    writeResponse: (writer, version, response) => responses(version).write(writer, response),
    handle: (request, call) =>
      isMisrouted(request, call)
        ? refuse(request, KAFKA_ERRORS.NOT_COORDINATOR)
        : api.handle(request as Decoded<Request>, call),
    refuse,
  }
}

/** Whether another node coordinates the one group that a request names; those that name several judge each. */
function isMisrouted(request: unknown, { node, broker }: ApiCall): boolean {
  const { groupId } = request as { readonly groupId?: unknown }
  return typeof groupId === 'string' && broker.cluster.coordinatorOf(groupId)?.id !== node.id
}

function perVersion<T>(compile: (version: number) => T): (version: number) => T {
  const compiled: T[] = []
  return (version) => {
    compiled[version] ??= compile(version)
    return compiled[version] as T
  }
}
