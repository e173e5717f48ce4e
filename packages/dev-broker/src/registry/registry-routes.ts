// The calls of a Confluent Schema Registry that @kafkajs/confluent-schema-registry 4.1.0 makes or declares, and those a
// person makes with curl.
// https://docs.confluent.io/platform/current/schema-registry/develop/api.html
import { COMPATIBILITY_LEVELS, type CompatibilityLevel } from '../compatibility/incompatibility.ts'
import {
  describeIncompatibility,
  invalidLevel,
  invalidSchema,
  invalidVersion,
  RegistryError,
} from './registry-error.ts'
import type { SchemaStore, StoredVersion, VersionSelector } from './schema-store.ts'

export interface RegistryRequest {
  readonly method: string
  /** Decoded segments of the path. */
  readonly segments: readonly string[]
  readonly query: URLSearchParams
  /** The parsed body, or undefined when there is none. */
  readonly body: unknown
}

interface Call {
  readonly store: SchemaStore
  readonly subject: string
  /** The version or schema id of the path, or '' where it has none. */
  readonly selector: string
  readonly query: URLSearchParams
  readonly body: unknown
}

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** `:subject` and `:selector` stand for any segment. */
  readonly path: readonly string[]
  readonly answer: (call: Call) => unknown
}

const ROUTES: readonly Route[] = [
  route('GET', '', () => ({})),
  route('GET', 'subjects', ({ store }) => store.subjects()),
  route('GET', 'subjects/:subject/versions', ({ store, subject }) =>
    store.versions(subject).map(({ version }) => version),
  ),
  route('GET', 'subjects/:subject/versions/:selector', ({ store, subject, selector }) =>
    describeVersion(subject, store.version(subject, versionSelector(selector))),
  ),
  route('POST', 'subjects/:subject/versions', ({ store, subject, body }) => ({
    id: store.register(subject, schemaText(body)).id,
  })),
  route('POST', 'subjects/:subject', ({ store, subject, body }) =>
    describeVersion(subject, store.lookUp(subject, schemaText(body))),
  ),
  route('GET', 'schemas/ids/:selector', ({ store, selector }) => ({ schema: store.schema(selector).text })),
  route('POST', 'compatibility/subjects/:subject/versions/:selector', testCompatibility),
  route('GET', 'config', ({ store }) => ({ compatibilityLevel: store.globalLevel })),
  route('PUT', 'config', ({ store, body }) => {
    store.setLevel(null, levelOf(body))
    return { compatibility: store.globalLevel }
  }),
  route('GET', 'config/:subject', ({ store, subject, query }) => ({
    compatibilityLevel:
      query.get('defaultToGlobal') === 'true' ? store.effectiveLevel(subject) : store.subjectLevel(subject),
  })),
  route('PUT', 'config/:subject', ({ store, subject, body }) => {
    store.setLevel(subject, levelOf(body))
    return { compatibility: store.subjectLevel(subject) }
  }),
]

/**
 * The value that answers a request, to be sent as JSON with status 200.
 * @throws RegistryError for every refusal, also for an unknown path (404) and a wrong method (405).
 */
export function answerRequest(store: SchemaStore, { method, segments, query, body }: RegistryRequest): unknown {
  const matching = ROUTES.filter(({ path }) => matches(path, segments))
  if (matching.length === 0) throw new RegistryError(404, 404, 'HTTP 404 Not Found')
  const found = matching.find((candidate) => candidate.method === method)
  if (found === undefined) throw new RegistryError(405, 405, 'HTTP 405 Method Not Allowed')
  const segment = (name: string): string => segments[found.path.indexOf(name)] ?? ''
  return found.answer({ store, query, body, subject: segment(':subject'), selector: segment(':selector') })
}

function route(method: Route['method'], path: string, answer: Route['answer']): Route {
  return { method, path: path === '' ? [] : path.split('/'), answer }
}

function matches(path: readonly string[], segments: readonly string[]): boolean {
  if (path.length !== segments.length) return false
  return path.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]))
}

function describeVersion(subject: string, { id, version, text }: StoredVersion): unknown {
  return { subject, id, version, schema: text }
}

function testCompatibility({ store, subject, selector, query, body }: Call): unknown {
  const problems = store.incompatibilities(subject, versionSelector(selector), schemaText(body))
  const isCompatible = problems.length === 0
  if (query.get('verbose') !== 'true') return { is_compatible: isCompatible }
  return { is_compatible: isCompatible, messages: problems.map(describeIncompatibility) }
}

function versionSelector(text: string): VersionSelector {
  if (text === 'latest' || text === '-1') return 'latest'
  const version = /^[0-9]+$/.test(text) ? Number(text) : 0
  if (version < 1 || version > 2 ** 31 - 1) throw invalidVersion(text)
  return version
}

function schemaText(body: unknown): string {
  const { schema, schemaType, references } = fields(body)
  if (typeof schema !== 'string' || schema === '') throw invalidSchema('the body has no schema text')
  if (schemaType !== undefined && schemaType !== null && schemaType !== 'AVRO') {
    throw invalidSchema(`schemaType ${JSON.stringify(schemaType)} is not served: the dev registry knows AVRO`)
  }
  if (Array.isArray(references) && references.length > 0) {
    throw invalidSchema('references are not served: the dev registry takes self-contained schemas')
  }
  return schema
}

function levelOf(body: unknown): CompatibilityLevel {
  const { compatibility } = fields(body)
  const wanted = typeof compatibility === 'string' ? compatibility.toUpperCase() : undefined
  const level = COMPATIBILITY_LEVELS.find((known) => known === wanted)
  if (level === undefined) throw invalidLevel(compatibility)
  return level
}

interface BodyFields {
  readonly schema?: unknown
  readonly schemaType?: unknown
  readonly references?: unknown
  readonly compatibility?: unknown
}

function fields(body: unknown): BodyFields {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new RegistryError(400, 400, 'The request body must be a JSON object')
  }
  return body
}
