import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DevRegistry, startRegistry } from '../src/registry/start-registry.ts'

let registry: DevRegistry

beforeAll(async () => {
  registry = await startRegistry({ port: 0 })
})

afterAll(() => registry.stop())

interface Reply {
  readonly status: number
  readonly body: unknown
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const payload = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const response = await fetch(`${registry.url}${path}`, {
    method,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json', ...headers },
    ...payload,
  })
  expect(response.headers.get('content-type')).toBe('application/vnd.schemaregistry.v1+json')
  return { status: response.status, body: await response.json() }
}

const refusal = (status: number, errorCode: number): object => ({
  status,
  body: { error_code: errorCode, message: expect.any(String) },
})

const record = (...fields: readonly object[]): string => JSON.stringify({ type: 'record', name: 'R', fields })
const a = { name: 'a', type: 'int' }

describe('what a person does with curl', () => {
  test('begins with a reply at the root', async () => {
    expect(await call('GET', '/')).toEqual({ status: 200, body: {} })
  })

  test('lists subjects, versions and a version', async () => {
    await call('POST', '/subjects/list-b/versions', { schema: record(a) })
    const { body } = await call('POST', '/subjects/list-a/versions', { schema: record(a), schemaType: 'AVRO' })
    await call('POST', '/subjects/list-a/versions', { schema: record() })
    const subjects = (await call('GET', '/subjects')).body as readonly string[]
    expect(subjects.filter((subject) => subject.startsWith('list-'))).toEqual(['list-a', 'list-b'])
    expect(await call('GET', '/subjects/list-a/versions')).toEqual({ status: 200, body: [1, 2] })
    const { id } = body as { id: number }
    const version = { subject: 'list-a', id, version: 1, schema: record(a) }
    expect(await call('GET', '/subjects/list-a/versions/1')).toEqual({ status: 200, body: version })
    expect(await call('POST', '/subjects/list-a', { schema: record(a) })).toEqual({ status: 200, body: version })
    expect(await call('GET', '/subjects/list-a/versions/latest')).toMatchObject({ body: { version: 2 } })
    expect(await call('GET', '/subjects/list-a/versions/-1')).toMatchObject({ body: { version: 2 } })
    expect(await call('GET', `/schemas/ids/${id}`)).toEqual({ status: 200, body: { schema: record(a) } })
  })

  test('tests compatibility with one version or the latest, with the reasons if asked', async () => {
    await call('POST', '/subjects/compat/versions', { schema: record(a) })
    await call('POST', '/subjects/compat/versions', { schema: record() })
    const path = '/compatibility/subjects/compat/versions'
    const candidate = { schema: record({ name: 'a', type: 'string' }) }
    expect(await call('POST', `${path}/2`, { schema: record() })).toEqual({
      status: 200,
      body: { is_compatible: true },
    })
    expect(await call('POST', `${path}/1`, candidate)).toEqual({ status: 200, body: { is_compatible: false } })
    expect(await call('POST', `${path}/latest?verbose=true`, candidate)).toEqual({
      status: 200,
      body: { is_compatible: false, messages: [expect.stringContaining('R.a of the new schema has no default')] },
    })
    expect(await call('POST', `${path}/7`, candidate)).toEqual(refusal(404, 40402))
  })

  test('anything is compatible with the latest version of a subject that has none', async () => {
    const path = '/compatibility/subjects/fresh/versions/latest'
    expect(await call('POST', path, { schema: record() })).toEqual({ status: 200, body: { is_compatible: true } })
  })

  test('reads and sets the level of all subjects and of one', async () => {
    expect(await call('GET', '/config')).toEqual({ status: 200, body: { compatibilityLevel: 'BACKWARD' } })
    expect(await call('GET', '/config/leveled')).toEqual(refusal(404, 40408))
    expect(await call('GET', '/config/leveled?defaultToGlobal=true')).toMatchObject({
      body: { compatibilityLevel: 'BACKWARD' },
    })
    expect(await call('PUT', '/config/leveled', { compatibility: 'full_transitive' })).toEqual({
      status: 200,
      body: { compatibility: 'FULL_TRANSITIVE' },
    })
    expect(await call('GET', '/config/leveled')).toMatchObject({ body: { compatibilityLevel: 'FULL_TRANSITIVE' } })
    expect(await call('PUT', '/config', { compatibility: 'NONE' })).toMatchObject({ body: { compatibility: 'NONE' } })
    expect(await call('PUT', '/config', { compatibility: 'BACKWARD' })).toMatchObject({ status: 200 })
  })

  test('FULL_TRANSITIVE is held against every version', async () => {
    const subject = '/subjects/full/versions'
    await call('PUT', '/config/full', { compatibility: 'BACKWARD' })
    await call('POST', subject, { schema: record(a) })
    await call('POST', subject, { schema: record() })
    await call('PUT', '/config/full', { compatibility: 'FULL_TRANSITIVE' })
    const reply = await call('POST', subject, {
      schema: record({ name: 'a', type: ['null', 'string'], default: null }),
    })
    expect(reply).toEqual(refusal(409, 409))
    expect(reply.body).toMatchObject({ message: expect.stringContaining('version 1') })
  })
})

describe('a bad request', () => {
  test.each([
    ['an unknown subject', 'GET', '/subjects/none/versions', undefined, 404, 40401],
    ['a version of an unknown subject', 'GET', '/subjects/none/versions/1', undefined, 404, 40401],
    ['a look-up in an unknown subject', 'POST', '/subjects/none', { schema: '"int"' }, 404, 40401],
    ['an unknown id', 'GET', '/schemas/ids/4711', undefined, 404, 40403],
    ['an id that is no number', 'GET', '/schemas/ids/constructor', undefined, 404, 40403],
    ['no schema', 'POST', '/subjects/bad/versions', {}, 422, 42201],
    ['a schema that is not JSON', 'POST', '/subjects/bad/versions', { schema: '{' }, 422, 42201],
    ['a schema that is not Avro', 'POST', '/subjects/bad/versions', { schema: '{"type":"recrod"}' }, 422, 42201],
    ['a schema as an object', 'POST', '/subjects/bad/versions', { schema: { type: 'int' } }, 422, 42201],
    ['a prototype in the schema', 'POST', '/subjects/bad/versions', { schema: '{"__proto__":"int"}' }, 422, 42201],
    ['another schema type', 'POST', '/subjects/bad/versions', { schema: '{}', schemaType: 'JSON' }, 422, 42201],
    ['references', 'POST', '/subjects/bad/versions', { schema: '"int"', references: [{}] }, 422, 42201],
    ['version 0', 'GET', '/subjects/list-a/versions/0', undefined, 422, 42202],
    ['a version that is no number', 'GET', '/subjects/list-a/versions/one', undefined, 422, 42202],
    ['a version beyond an int', 'GET', '/subjects/list-a/versions/2147483648', undefined, 422, 42202],
    ['a level nobody enforces here', 'PUT', '/config/bad', { compatibility: 'FORWARD' }, 422, 42203],
    ['no level', 'PUT', '/config/bad', {}, 422, 42203],
    ['a body that is not JSON', 'POST', '/subjects/bad/versions', '{"schema":', 400, 400],
    ['a body of JSON null', 'POST', '/subjects/bad/versions', 'null', 400, 400],
    ['a body of a JSON list', 'PUT', '/config', '[]', 400, 400],
    ['no body', 'POST', '/subjects/bad/versions', undefined, 400, 400],
    ['a path that is not percent-encoded', 'GET', '/subjects/%E0%A4%A/versions', undefined, 400, 400],
    ['an empty subject', 'POST', '/subjects//versions', { schema: '"int"' }, 404, 404],
    ['an unknown path', 'GET', '/modes', undefined, 404, 404],
    ['a method the path does not have', 'DELETE', '/subjects', undefined, 405, 405],
    ['a body of 2 MiB', 'POST', '/subjects/bad/versions', { schema: 'x'.repeat(2 * 1024 * 1024) }, 413, 413],
  ])('with %s is refused with its code', async (_what, method, path, body, status, errorCode) => {
    expect(await call(method, path, body)).toEqual(refusal(status, errorCode))
  })

  test('with a form instead of JSON is refused, as a web page could send it', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await call('POST', '/subjects/bad/versions', '{"schema":"\\"int\\""}', headers)).toEqual(refusal(415, 415))
  })

  test('leaves no subject behind', async () => {
    expect((await call('GET', '/subjects')).body).not.toContain('bad')
  })

  test('that stops in the middle of its body harms nobody', async () => {
    const socket = connect(Number(new URL(registry.url).port), '127.0.0.1')
    socket.write('POST /subjects/half/versions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"sche')
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.resetAndDestroy()
    expect(await call('GET', '/')).toEqual({ status: 200, body: {} })
  })

  test('that is no HTTP is refused', async () => {
    const socket = connect(Number(new URL(registry.url).port), '127.0.0.1')
    socket.end('\x00\x00\x00\x11hello kafka\r\n\r\n')
    expect(await text(socket)).toContain('400 Bad Request')
  })
})
