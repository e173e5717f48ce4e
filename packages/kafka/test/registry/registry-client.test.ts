import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { isTowlineError } from '@towline/contracts'
import { ManualClock, type RunningBroker, testBrokers, uniqueNamespace } from '@towline/test-brokers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSchemaRegistry, type RegistryClient, type SchemaRegistryOptions } from '../../src/index.ts'

let broker: RunningBroker

beforeAll(async () => {
  const started = await testBrokers({})[0]?.start()
  if (started === undefined) throw new Error('there is always a dev broker')
  broker = started
})
afterAll(() => broker.stop())

function open(options: Partial<SchemaRegistryOptions> = {}): RegistryClient {
  return createSchemaRegistry({ url: broker.registry, ...options })
}

function schemaText(...fields: readonly object[]): string {
  return JSON.stringify({ type: 'record', name: 'Request', namespace: 'io.towline.test', fields })
}

const url = { name: 'url', type: 'string' }
const depth = { name: 'depth', type: 'int', default: 1 }
const required = { name: 'must', type: 'string' }

const subject = (): string => `${uniqueNamespace()}.digest.tasks-value`

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('it resolved'),
    (thrown: unknown) => thrown,
  )
  return isTowlineError(error) ? error.code : String(error)
}

/** A registry of one's own making, to count requests and to answer what a real one would not. */
async function fakeRegistry(
  answer: (path: string) => { readonly status: number; readonly body: string; readonly cut?: boolean },
): Promise<{ url: string; paths: string[] } & AsyncDisposable> {
  const paths: string[] = []
  const server: Server = createServer((request, response) => {
    paths.push(request.url ?? '')
    const { status, body, cut } = answer(request.url ?? '')
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json', 'content-length': '999' })
    if (cut === true) response.write(body, () => response.destroy())
    else response.end(body.padEnd(999))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a registered schema is found by its exact text and by its id', async () => {
  await using registry = open()
  const name = subject()
  const id = await registry.register(name, schemaText(url))
  await using other = open()
  expect(await other.idOf(name, schemaText(url))).toBe(id)
  expect(JSON.parse((await other.schemaOf(id)) ?? '')).toEqual(JSON.parse(schemaText(url)))
})

test('registering the same schema again gives the same id', async () => {
  await using registry = open()
  const name = subject()
  expect(await registry.register(name, schemaText(url))).toBe(await registry.register(name, schemaText(url)))
})

test('what the registry does not have is null, not an error', async () => {
  await using registry = open()
  expect(await registry.schemaOf(1_000_000)).toBeNull()
  expect(await registry.idOf(subject(), schemaText(url))).toBeNull()
})

test('a schema that was missing is found once it was registered elsewhere and a moment has passed', async () => {
  const clock = new ManualClock()
  await using registry = open({ clock })
  const name = subject()
  expect(await registry.idOf(name, schemaText(url))).toBeNull()
  await using other = open()
  const id = await other.register(name, schemaText(url))
  expect(await registry.idOf(name, schemaText(url))).toBeNull()
  clock.advance(2_000)
  expect(await registry.idOf(name, schemaText(url))).toBe(id)
})

test('registering makes an id known at once, whatever was believed before', async () => {
  await using registry = open()
  const name = subject()
  await registry.idOf(name, schemaText(url))
  const id = await registry.register(name, schemaText(url))
  expect(await registry.idOf(name, schemaText(url))).toBe(id)
})

test('a subject evolves both ways only: a field without a default is refused', async () => {
  await using registry = open()
  const name = subject()
  await registry.register(name, schemaText(url))
  await registry.register(name, schemaText(url, depth))
  expect(await codeOf(registry.register(name, schemaText(url, required)))).toBe('TOWLINE_SCHEMA_INCOMPATIBLE')
})

test('a subject may be opened up, and then has another level than registering wants', async () => {
  await using registry = open()
  const name = subject()
  await registry.register(name, schemaText(url))
  await registry.ensureCompatibility(name, 'NONE')
  const config = await fetch(`${broker.registry}/config/${name}`).then((response) => response.json())
  expect(config).toEqual({ compatibilityLevel: 'NONE' })
  expect(await codeOf(registry.register(name, schemaText(url, depth)))).toBe('TOWLINE_SCHEMA_INCOMPATIBLE')
})

test('the level that holds for a subject is its own, or where it has none the one of the registry', async () => {
  await using registry = open()
  const name = subject()
  expect(await registry.compatibilityOf(name)).toBe('BACKWARD')
  await registry.register(name, schemaText(url))
  expect(await registry.compatibilityOf(name)).toBe('FULL_TRANSITIVE')
  await using elsewhere = await fakeRegistry(() => ({
    status: 404,
    body: '{"error_code":404,"message":"no such path"}',
  }))
  expect(await codeOf(open({ url: elsewhere.url }).compatibilityOf(name))).toBe('TOWLINE_REGISTRY_UNAVAILABLE')
})

test('text that is no Avro schema is refused as invalid', async () => {
  await using registry = open()
  const invalid = schemaText({ name: 'x', type: 'no-such-type' })
  expect(await codeOf(registry.register(subject(), invalid))).toBe('TOWLINE_SCHEMA_INVALID')
})

test.each(['500', 'refuse', 'hang'] as const)(
  'a registry that is out (%s) is unavailable, retriable, and serves from the cache',
  async (outage) => {
    await using registry = open({ timeoutMs: 300 })
    const name = subject()
    const id = await registry.register(name, schemaText(url))
    const text = await registry.schemaOf(id)
    await broker.registryFaults.setOutage(outage)
    try {
      expect(await codeOf(registry.idOf(subject(), schemaText(url)))).toBe('TOWLINE_REGISTRY_UNAVAILABLE')
      expect(await codeOf(registry.schemaOf(999_999))).toBe('TOWLINE_REGISTRY_UNAVAILABLE')
      expect(await codeOf(registry.register(subject(), schemaText(url)))).toBe('TOWLINE_REGISTRY_UNAVAILABLE')
      expect(await codeOf(registry.ensureCompatibility(name, 'NONE'))).toBe('TOWLINE_REGISTRY_UNAVAILABLE')
      expect(await registry.schemaOf(id)).toBe(text)
      expect(await registry.idOf(name, schemaText(url))).toBe(id)
    } finally {
      await broker.registryFaults.setOutage(null)
    }
    expect(await registry.schemaOf(999_999)).toBeNull()
  },
)

test('a registry that fails again and again is left alone, and asked again later', async () => {
  let isOut = true
  await using fake = await fakeRegistry(() =>
    isOut ? { status: 401, body: '{"error_code":401,"message":"no"}' } : { status: 404, body: '{"error_code":40403}' },
  )
  await using registry = open({ url: fake.url })
  for (let id = 1; id <= 20; id += 1) expect(await codeOf(registry.schemaOf(id))).toBe('TOWLINE_REGISTRY_UNAVAILABLE')
  const askedWhileOut = fake.paths.length
  expect(askedWhileOut).toBeLessThan(10)
  isOut = false
  await expect.poll(() => registry.schemaOf(21).catch(() => 'unavailable'), { timeout: 10_000 }).toBeNull()
  expect(fake.paths.length).toBeGreaterThan(askedWhileOut)
})

test('ids nobody has do not trip the breaker and are not passed on in a flood', async () => {
  await using fake = await fakeRegistry(() => ({
    status: 404,
    body: '{"error_code":40403,"message":"Schema not found"}',
  }))
  await using registry = open({ url: fake.url })
  for (let turn = 0; turn < 50; turn += 1) expect(await registry.schemaOf(turn % 10)).toBeNull()
  expect(fake.paths).toHaveLength(10)
})

test('callers that ask for the same id at once share one request', async () => {
  await using fake = await fakeRegistry(() => ({ status: 200, body: JSON.stringify({ schema: schemaText(url) }) }))
  await using registry = open({ url: fake.url })
  const texts = await Promise.all(Array.from({ length: 20 }, () => registry.schemaOf(7)))
  expect(new Set(texts).size).toBe(1)
  expect(fake.paths).toEqual(['/schemas/ids/7'])
})

test('callers that ask for the id of the same schema at once share one request', async () => {
  await using fake = await fakeRegistry(() => ({ status: 200, body: '{"subject":"s","id":7,"version":1}' }))
  await using registry = open({ url: fake.url })
  const ids = await Promise.all(Array.from({ length: 20 }, () => registry.idOf('s', schemaText(url))))
  expect(new Set(ids)).toEqual(new Set([7]))
  expect(fake.paths).toEqual(['/subjects/s'])
})

test('an answer cut off half-way costs one call, not the id for ever', async () => {
  let isCut = true
  await using fake = await fakeRegistry(() => ({
    status: 200,
    body: JSON.stringify({ schema: schemaText(url) }),
    cut: isCut,
  }))
  await using registry = open({ url: fake.url, timeoutMs: 300 })
  expect(await codeOf(registry.schemaOf(7))).toBe('TOWLINE_REGISTRY_UNAVAILABLE')
  isCut = false
  expect(await registry.schemaOf(7)).toContain('Request')
})

test.each([
  ['a page of a proxy that has no route', 404, '<html><body>404 Not Found</body></html>'],
  ['a JSON error of a gateway', 404, '{"message":"no Route matched with those values"}'],
  ['a path the registry does not know', 404, '{"error_code":404,"message":"HTTP 404 Not Found"}'],
  ['a login page', 200, '<html>log in</html>'],
  ['an empty object', 200, '{}'],
  ['an answer cut short', 200, '{"schema":"{\\"ty'],
  ['the JSON null', 200, 'null'],
  ['an error that says null', 500, 'null'],
])('%s says nothing about a schema', async (_what, status, body) => {
  await using fake = await fakeRegistry(() => ({ status, body }))
  await using registry = open({ url: fake.url, timeoutMs: 300 })
  expect(await codeOf(registry.schemaOf(7))).toBe('TOWLINE_REGISTRY_UNAVAILABLE')
  expect(await codeOf(registry.idOf('s', schemaText(url)))).toBe('TOWLINE_REGISTRY_UNAVAILABLE')
})

test('a schema that refers to another is told whole', async () => {
  const point = { type: 'record', name: 'io.towline.test.Point', fields: [{ name: 'x', type: 'int' }] }
  const line = { type: 'record', name: 'io.towline.test.Line', fields: [{ name: 'to', type: point.name }] }
  const references = [{ name: point.name, subject: 'point', version: 1 }]
  await using fake = await fakeRegistry((path) => {
    const schema = path.startsWith('/subjects/point/')
      ? { schema: JSON.stringify(point) }
      : { schema: JSON.stringify(line), references }
    return { status: 200, body: JSON.stringify(schema) }
  })
  await using registry = open({ url: fake.url })
  expect(JSON.parse((await registry.schemaOf(7)) ?? '')).toMatchObject({ fields: [{ name: 'to', type: point }] })
})

test('a schema that is not Avro counts as none', async () => {
  const body = JSON.stringify({ schemaType: 'JSON', schema: '{"type":"object"}' })
  await using fake = await fakeRegistry(() => ({ status: 200, body }))
  await using registry = open({ url: fake.url })
  expect(await registry.schemaOf(7)).toBeNull()
})

test('credentials are sent, and appear in no error', async () => {
  const headers: (string | undefined)[] = []
  const server = createServer((request, response) => {
    headers.push(request.headers.authorization)
    response.writeHead(503).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await using registry = open({ url: `http://user:s%3Acret@127.0.0.1:${port}/`, timeoutMs: 2_000 })
    const calls = [
      () => registry.schemaOf(1),
      () => registry.idOf('s', '{}'),
      () => registry.ensureCompatibility('s', 'NONE'),
    ]
    for (const call of calls) {
      const error: unknown = await call().catch((thrown: unknown) => thrown)
      const told = inspect(error, { depth: 10, showHidden: true })
      expect(told).toContain(`127.0.0.1:${port}`)
      expect(told).not.toMatch(/s:cret|s%3Acret/)
    }
  } finally {
    server.closeAllConnections()
    server.close()
  }
  const basic = `Basic ${Buffer.from('user:s:cret').toString('base64')}`
  expect(new Set(headers)).toEqual(new Set([basic]))
})

test.each(['127.0.0.1:8081', 'ftp://registry', 'not a url', ''])(
  'the address %j is refused without being repeated',
  (bad) => {
    expect(() => createSchemaRegistry({ url: bad })).toThrow(
      expect.objectContaining({ code: 'TOWLINE_OPTION_INVALID' }),
    )
    expect(() => createSchemaRegistry({ url: 'ftp://user:pass@registry' })).not.toThrow(/pass/)
  },
)
