import type { IncomingMessage, ServerResponse } from 'node:http'
import { RegistryError } from './registry-error.ts'
import { answerRequest, type RegistryRequest } from './registry-routes.ts'
import type { SchemaStore } from './schema-store.ts'

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json'

/** A larger body is refused with 413. The largest of Towline's own schemas has 5 KB. */
const MAX_BODY_BYTES = 1024 * 1024

/** Answers one HTTP request from the store. Every refusal and every fault of ours is a reply; it never rejects. */
export async function serveRequest(
  store: SchemaStore,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const value = answerRequest(store, await readRequest(request))
    reply(response, 200, value)
  } catch (error) {
    replyError(response, error instanceof RegistryError ? error : new RegistryError(500, 50001, String(error)))
  }
}

export function replyError(response: ServerResponse, { status, errorCode, message }: RegistryError): void {
  reply(response, status, { error_code: errorCode, message })
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  if (response.destroyed) return // the client went away
  response.writeHead(status, { 'content-type': MEDIA_TYPE }).end(JSON.stringify(value))
}

async function readRequest(request: IncomingMessage): Promise<RegistryRequest> {
  const body = await readBody(request)
  const [path = '', search = ''] = splitOnce(request.url ?? '/', '?')
  return { method: request.method ?? 'GET', segments: pathSegments(path), query: new URLSearchParams(search), body }
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function pathSegments(path: string): readonly string[] {
  const parts = path.replace(/^\//, '').replace(/\/$/, '')
  if (parts === '') return []
  try {
    return parts.split('/').map(decodeURIComponent)
  } catch {
    throw new RegistryError(400, 400, `The path ${path} is not percent-encoded UTF-8`)
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    // Read to the end all the same: a client that is still sending would not see the refusal.
    if (sizeBytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  if (sizeBytes === 0) return undefined
  if (sizeBytes > MAX_BODY_BYTES) {
    throw new RegistryError(
      413,
      413,
      `The request body has ${sizeBytes} bytes, and at most ${MAX_BODY_BYTES} are taken`,
    )
  }
  refuseOtherMediaTypes(request.headers['content-type'])
  return parseJson(Buffer.concat(chunks).toString('utf8'))
}

/** Confluent's registry takes JSON only, too; it also keeps web pages from posting here without a preflight. */
function refuseOtherMediaTypes(contentType: string | undefined): void {
  if (contentType === undefined || /[/+]json\b|application\/octet-stream/i.test(contentType)) return
  throw new RegistryError(415, 415, `HTTP 415 Unsupported Media Type: send ${MEDIA_TYPE}, not ${contentType}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new RegistryError(400, 400, `The request body is not JSON: ${String(error)}`)
  }
}
