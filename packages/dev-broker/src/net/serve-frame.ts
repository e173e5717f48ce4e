// From the bytes of one request to the bytes of its response.

import type { Answer, ApiCall, ApiDefinition } from '../apis/api.ts'
import { API_REGISTRY } from '../apis/api-registry.ts'
import { supportedVersions } from '../apis/api-versions.ts'
import type { BrokerState } from '../broker-state.ts'
import type { ClusterNode } from '../cluster/cluster.ts'
import { StorageError } from '../disk/storage-error.ts'
import type { FaultScript } from '../faults/faults.ts'
import { handleWithFault } from '../faults/handle-with-fault.ts'
import type { LogSink } from '../log-sink.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { Reader } from '../protocol/reader.ts'
import { FrameWriter } from '../protocol/writer.ts'

/** What a connection lends to its requests. */
export interface ServeContext {
  readonly node: ClusterNode
  readonly broker: BrokerState
  readonly faults: FaultScript
  readonly log: LogSink
  readonly clientHost: string
  /** Told who asks, before the request is served. */
  readonly onClientId: (clientId: string) => void
  readonly connectionClosed: AbortSignal
}

export interface Served {
  /** Empty when the client wants no answer. */
  readonly chunks: readonly Buffer[]
  readonly next: 'go-on' | 'close' | 'reset'
}

const APIS: ReadonlyMap<number, ApiDefinition> = new Map(API_REGISTRY.map((api) => [api.key, api]))

/** @throws MalformedRequestError when the bytes are no request */
export async function serveFrame(frame: Buffer, context: ServeContext): Promise<Served> {
  const reader = new Reader(frame)
  const header = { key: reader.int16(), version: reader.int16(), correlationId: reader.int32() }
  const { version } = header
  const api = APIS.get(header.key)
  if (api === undefined || version < api.versions[0] || version > api.versions[1])
    return refuseVersion(api, header, context)

  const clientId = readClientId(reader)
  context.onClientId(clientId)
  if (api.isFlexible(version)) reader.skipTags()
  const request = api.readRequest(reader, version)
  const { broker, node, clientHost, connectionClosed } = context
  const call: ApiCall = { version, clientId, clientHost, node, broker, connectionClosed }
  const fault = context.faults.strike(api.name, clientId)
  try {
    const answer = await (fault === null ? api.handle(request, call) : handleWithFault(fault, api, request, call))
    return respond(api, header, answer)
  } catch (error) {
    if (error instanceof StorageError)
      return respond(api, header, api.refuse(request, KAFKA_ERRORS.KAFKA_STORAGE_ERROR))
    context.log('error', `${api.name} failed`, { version, clientId, error })
    return { ...respond(api, header, api.refuse(request, KAFKA_ERRORS.UNKNOWN_SERVER_ERROR)), next: 'close' }
  }
}

interface RequestHeader {
  readonly key: number
  readonly version: number
  readonly correlationId: number
}

function respond(api: ApiDefinition, { version, correlationId }: RequestHeader, answer: Answer<unknown>): Served {
  if (answer === 'no-answer') return { chunks: [], next: 'go-on' }
  if (answer === 'close-connection') return { chunks: [], next: 'close' }
  if (answer === 'reset-connection') return { chunks: [], next: 'reset' }
  const writer = new FrameWriter()
  // A response header of version 0: the one flexible API served is ApiVersions, whose header is not (KIP-511).
  writer.int32(correlationId)
  api.writeResponse(writer, version, answer)
  return { chunks: writer.finish(), next: 'go-on' }
}

/** Kafka closes the connection on an API or a version it does not serve, except that ApiVersions is told what would do. */
function refuseVersion(api: ApiDefinition | undefined, header: RequestHeader, { log }: ServeContext): Served {
  if (api?.name === 'ApiVersions')
    return respond(api, { ...header, version: 0 }, supportedVersions(API_REGISTRY, KAFKA_ERRORS.UNSUPPORTED_VERSION))
  log('warn', 'request of an API or version that is not served: connection closed', { ...header, api: api?.name })
  return { chunks: [], next: 'close' }
}

function readClientId(reader: Reader): string {
  const lengthBytes = reader.int16()
  return lengthBytes < 0 ? '' : reader.utf8(lengthBytes)
}
