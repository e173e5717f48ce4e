import {
  avroCodec,
  avroSchema,
  type Decoded,
  decodeAny,
  frame,
  TaskEvent,
  TaskResult,
  TowlineError,
} from '@towline/contracts'
import avsc from 'avsc'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { towlineErrorOf } from './error-matching.ts'
import { SchemasInMemory } from './schemas-in-memory.ts'

interface Document {
  readonly path: string
  readonly sizeBytes: number
  readonly body: Uint8Array
  readonly title: string | null
  readonly links: readonly { readonly url: string; readonly depth: number }[]
  readonly counts: Readonly<Record<string, number>>
}

function record(name: string, fields: readonly object[]) {
  return { type: 'record', name, namespace: 'io.towline.test', fields }
}

const path = { name: 'path', type: 'string' }
const documentJson = record('Document', [
  path,
  { name: 'sizeBytes', type: 'long' },
  { name: 'body', type: 'bytes' },
  { name: 'title', type: ['null', 'string'], default: null },
  {
    name: 'links',
    type: {
      type: 'array',
      items: record('Link', [
        { name: 'url', type: 'string' },
        { name: 'depth', type: 'int' },
      ]),
    },
  },
  { name: 'counts', type: { type: 'map', values: 'double' }, default: {} },
])
const DOCUMENT = avroSchema<Document>(documentJson)
const document: Document = {
  path: 'README.md',
  sizeBytes: 4_096,
  body: Buffer.from([0, 255]),
  title: 'Towline',
  links: [
    { url: 'https://kafka.apache.org', depth: 1 },
    { url: '#top', depth: -1 },
  ],
  counts: { words: 812, Wörter: 0.5 },
}

let schemas: SchemasInMemory
beforeEach(() => {
  schemas = new SchemasInMemory()
  schemas.add(7, DOCUMENT)
})

/** Avro bytes of `value` by any schema, framed with `id`, which the source then knows. */
function written(id: number, json: object, value: unknown): Buffer {
  schemas.add(id, json)
  return frame(id, avsc.Type.forSchema(json as Parameters<typeof avsc.Type.forSchema>[0]).toBuffer(value))
}

function messageOf(decoded: Decoded<unknown>): string {
  if (decoded.kind === 'decoded') expect.fail('it was decoded')
  return decoded.kind === 'rejected' ? decoded.message : decoded.failureMessage
}

describe('encode and decode', () => {
  test('a value comes back as it was', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const bytes = codec.encode(document, 7)
    expect(bytes).toEqual(
      frame(7, avsc.Type.forSchema(documentJson as Parameters<typeof avsc.Type.forSchema>[0]).toBuffer(document)),
    )
    expect(await codec.decode(bytes)).toEqual({ kind: 'decoded', value: document })
  })

  test('a field with a default may be left out, and a field nobody knows is', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const { title: _title, counts: _counts, ...rest } = document
    const bytes = codec.encode({ ...rest, nobodyKnows: 1 } as unknown as Document, 7)
    expect(await codec.decode(bytes)).toEqual({ kind: 'decoded', value: { ...document, title: null, counts: {} } })
  })

  test('bytes are Buffers of their own; a Uint8Array is taken for one', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const bytes = codec.encode({ ...document, body: new Uint8Array([1, 2, 3]).subarray(1) }, 7)
    const decoded = await codec.decode(bytes)
    bytes.fill(0)
    expect(decoded).toMatchObject({ value: { body: Buffer.from([2, 3]) } })
  })

  test('values larger than any buffer at hand are written whole', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    for (const size of [10, 16 * 1024, 100_000, 3_000_000, 10]) {
      const large = { ...document, body: Buffer.alloc(size, 7), title: 'é'.repeat(size) }
      expect(await codec.decode(codec.encode(large, 7))).toEqual({ kind: 'decoded', value: large })
    }
  })

  test('two values never share memory', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const [first, second] = [codec.encode(document, 7), codec.encode({ ...document, path: 'x' }, 7)]
    expect(await codec.decode(first)).toMatchObject({ value: { path: 'README.md' } })
    expect(await codec.decode(second)).toMatchObject({ value: { path: 'x' } })
  })

  test('any value of the schema comes back as it was', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    await codec.decode(codec.encode(document, 7))
    const values = fc.record({
      path: fc.string({ unit: 'grapheme' }),
      sizeBytes: fc.integer({ min: -(2 ** 53 - 1), max: 2 ** 53 - 1 }),
      body: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      title: fc.option(fc.string({ unit: 'grapheme' })),
      links: fc.array(fc.record({ url: fc.string(), depth: fc.integer() })),
      counts: fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        fc.double({ noNaN: true }),
      ),
    })
    fc.assert(
      fc.property(values, (value) => {
        expect(codec.decodeCached(codec.encode(value, 7))).toEqual({ kind: 'decoded', value })
      }),
    )
  })

  test("Towline's own records fit their schemas", async () => {
    const codec = avroCodec(TaskResult, schemas)
    schemas.add(20, TaskResult)
    schemas.add(21, TaskEvent)
    const result: TaskResult = {
      taskId: '018bcfe5-6800-70f4-8275-77b124391f26',
      life: 1,
      end: 'dead-lettered',
      reason: 'terminal',
      attempts: 1,
      mayHaveRun: false,
      runnerId: 'runner-1',
      origin: { topic: 'digest.tasks', partition: 0, offset: 5 },
      queuedAt: 1,
      startedAt: 2,
      finishedAt: 3,
      failure: { code: 'E', message: 'm', stack: null, atMs: 3, attempt: 1 },
      parent: null,
      replayId: null,
      output: Buffer.from([0]),
    }
    expect(await codec.decode(codec.encode(result, 20))).toEqual({ kind: 'decoded', value: result })
    expect(avroCodec(TaskEvent, schemas).schema.name).toBe('io.towline.TaskEvent')
  })
})

describe('a value that does not match its schema', () => {
  test.each<readonly [string, Record<string, unknown>, string, string]>([
    ['a missing field', { path: undefined }, 'path', 'must be string, got undefined'],
    ['the wrong kind', { path: 5 }, 'path', 'must be string, got a whole number'],
    ['a fraction for a long', { sizeBytes: 1.5 }, 'sizeBytes', 'got a number with a fraction'],
    ['a long beyond 2^53 − 1', { sizeBytes: 2 ** 53 }, 'sizeBytes', 'got a whole number beyond 2^53 − 1'],
    ['a long below −2^53 + 1', { sizeBytes: -(2 ** 53) }, 'sizeBytes', 'got a whole number beyond 2^53 − 1'],
    ['a bigint', { sizeBytes: 5n }, 'sizeBytes', 'got bigint'],
    ['NaN', { sizeBytes: Number.NaN }, 'sizeBytes', 'got NaN'],
    ['no branch of a union', { title: 5 }, 'title', 'must be one of null, string'],
    [
      'a part of an array',
      { links: [document.links[0], { url: null, depth: 1 }] },
      'links.1.url',
      'must be string, got null',
    ],
    ['an int out of bounds', { links: [{ url: '', depth: 2 ** 31 }] }, 'links.0.depth', 'must be int'],
    ['an array for a map', { counts: [] }, 'counts', 'got an array'],
    ['text for bytes', { body: 'text' }, 'body', 'must be bytes, got string'],
  ])('is refused for %s, with the path and what stands there', (_name, wrong, at, message) => {
    const codec = avroCodec(DOCUMENT, schemas)
    const error = towlineErrorOf(
      () => codec.encode({ ...document, ...wrong } as Document, 7),
      'TOWLINE_SCHEMA_MISMATCH',
    )
    expect(error.message).toContain(`io.towline.test.Document: ${at} `)
    expect(error.message).toContain(message)
  })

  test.each([[null], [undefined], ['text'], [5]])('%j as a whole is refused at the root', (value) => {
    const codec = avroCodec(DOCUMENT, schemas)
    const error = towlineErrorOf(() => codec.encode(value as unknown as Document, 7), 'TOWLINE_SCHEMA_MISMATCH')
    expect(error.message).toContain('(root)')
  })

  test('never gets into the error: payloads stay out of logs', () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const secret = { ...document, sizeBytes: 'hunter2' } as unknown as Document
    const error = towlineErrorOf(() => codec.encode(secret, 7), 'TOWLINE_SCHEMA_MISMATCH')
    expect([error.message, error.stack, String(error.value), String(error.cause)].join()).not.toContain('hunter2')
  })

  test('whose getter throws is refused, with the cause', () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const cause = new Error('lazy loading failed')
    const value = Object.defineProperty({ ...document }, 'path', {
      get: () => {
        throw cause
      },
    })
    expect(towlineErrorOf(() => codec.encode(value, 7), 'TOWLINE_SCHEMA_MISMATCH').cause).toBe(cause)
  })

  test('leaves the codec as good as before', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    towlineErrorOf(
      () => codec.encode({ ...document, counts: { a: 'x' } } as unknown as Document, 7),
      'TOWLINE_SCHEMA_MISMATCH',
    )
    expect(await codec.decode(codec.encode(document, 7))).toEqual({ kind: 'decoded', value: document })
  })
})

describe('writers of other schemas', () => {
  test('are resolved: new fields get their default, unknown ones are passed over', async () => {
    const older = record('Document', [
      path,
      { name: 'sizeBytes', type: 'int' },
      { name: 'body', type: 'bytes' },
      {
        name: 'links',
        type: documentJson.fields[4]
          ? {
              type: 'array',
              items: record('Link', [
                { name: 'gone', type: 'string' },
                { name: 'url', type: 'string' },
                { name: 'depth', type: 'int' },
              ]),
            }
          : 'null',
      },
      { name: 'retired', type: 'string' },
    ])
    const value = {
      path: 'a',
      sizeBytes: 5,
      body: Buffer.alloc(0),
      links: [{ gone: 'x', url: 'u', depth: 3 }],
      retired: 'r',
    }
    expect(await avroCodec(DOCUMENT, schemas).decode(written(8, older, value))).toEqual({
      kind: 'decoded',
      value: {
        path: 'a',
        sizeBytes: 5,
        body: Buffer.alloc(0),
        links: [{ url: 'u', depth: 3 }],
        title: null,
        counts: {},
      },
    })
  })

  test('are asked for once, however many values wait; then decoding is synchronous', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const bytes = codec.encode(document, 7)
    expect(codec.decodeCached(bytes)).toBeUndefined()
    await Promise.all([codec.decode(bytes), codec.decode(bytes), avroCodec(DOCUMENT, schemas).decode(bytes)])
    expect(codec.decodeCached(bytes)).toEqual({ kind: 'decoded', value: document })
    expect(schemas.asked).toEqual([7])
  })

  test('keep being read from the cache while the registry is out', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const bytes = codec.encode(document, 7)
    await codec.decode(bytes)
    schemas.outage = new TowlineError('TOWLINE_REGISTRY_UNAVAILABLE', 'no answer')
    expect(await codec.decode(bytes)).toEqual({ kind: 'decoded', value: document })
  })

  test('that nobody can look up say nothing about the bytes: decode throws, and works later', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const bytes = codec.encode(document, 7)
    schemas.outage = new TowlineError('TOWLINE_REGISTRY_UNAVAILABLE', 'no answer')
    await expect(codec.decode(bytes)).rejects.toBe(schemas.outage)
    schemas.outage = undefined
    expect(await codec.decode(bytes)).toEqual({ kind: 'decoded', value: document })
  })
})

describe('undecodable: not what the schema id says, whoever reads', () => {
  test('a value without a frame, or none', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    for (const value of [null, Buffer.alloc(0), Buffer.from('{"path":"a"}'), Buffer.from([0, 0, 0, 7])]) {
      expect(codec.decodeCached(value)?.kind).toBe('undecodable')
      expect(messageOf(await codec.decode(value))).toContain('Confluent wire format')
    }
  })

  test('an id the registry does not know; it is asked again next time', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const bytes = codec.encode(document, 99)
    expect(messageOf(await codec.decode(bytes))).toContain('schema id 99 is not registered')
    schemas.add(99, DOCUMENT)
    expect((await codec.decode(bytes)).kind).toBe('decoded')
  })

  test('an id of something that is not Avro', async () => {
    schemas.texts.set(30, 'syntax = "proto3";')
    schemas.add(31, { type: 'object', properties: {} })
    const codec = avroCodec(DOCUMENT, schemas)
    for (const id of [30, 31])
      expect(messageOf(await codec.decode(frame(id, Buffer.alloc(3))))).toContain('not a valid Avro schema')
  })

  test('bytes cut short, with bytes behind them, or of another record', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const bytes = codec.encode(document, 7)
    for (let length = 5; length < bytes.length; length += 1)
      expect((await codec.decode(bytes.subarray(0, length))).kind).toBe('undecodable')
    const trailing = await codec.decode(Buffer.concat([bytes, Buffer.from([0])]))
    expect(messageOf(trailing)).toBe('the bytes are not what schema id 7 (io.towline.test.Document) says')
    expect((await codec.decode(frame(7, Buffer.alloc(40, 0xff)))).kind).toBe('undecodable')
  })

  test('in schemas without arrays and maps too', async () => {
    const POINT = avroSchema<{ x: number; name: string | null }>(
      record('Point', [
        { name: 'x', type: 'double' },
        { name: 'name', type: ['null', 'string'] },
      ]),
    )
    schemas.add(40, POINT)
    const codec = avroCodec(POINT, schemas)
    const bytes = codec.encode({ x: 1, name: 'a' }, 40)
    expect((await codec.decode(bytes)).kind).toBe('decoded')
    expect((await codec.decode(bytes.subarray(0, -1))).kind).toBe('undecodable')
    expect((await codec.decode(Buffer.concat([bytes, bytes]))).kind).toBe('undecodable')
    expect((await codec.decode(frame(40, Buffer.from('000000000000f03f07', 'hex')))).kind).toBe('undecodable')
  })

  test('a count that no bytes stand behind costs no time and no memory', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const start = Buffer.from([2, 97, 0, 0, 0]) // path "a", sizeBytes 0, body of 0 bytes, title null, then the links:
    const counts = {
      'two thousand million': 'fef3ffff0f',
      'two to the 53': 'ffffffffffffff1f',
      'all bits': 'ffffffffffffffffff01',
      negative: '01ffffffff0f',
    }
    for (const hex of Object.values(counts)) {
      const startedAt = performance.now()
      expect(
        (
          await codec.decode(
            frame(
              7,
              Buffer.concat([start.subarray(0, 4), Buffer.from([0]), Buffer.from(hex, 'hex'), Buffer.alloc(50)]),
            ),
          )
        ).kind,
      ).toBe('undecodable')
      expect(performance.now() - startedAt).toBeLessThan(1_000)
    }
  })

  test('values nested deeper than the stack', async () => {
    const NODE = avroSchema<object>(record('Node', [{ name: 'next', type: ['null', 'Node'] }]))
    schemas.add(50, NODE)
    const deep = frame(50, Buffer.alloc(1_000_000, 2))
    expect((await avroCodec(NODE, schemas).decode(deep)).kind).toBe('undecodable')
    expect((await decodeAny(deep, schemas)).kind).toBe('undecodable')
  })

  test('no bytes make it throw', async () => {
    const codec = avroCodec(DOCUMENT, schemas)
    const good = codec.encode(document, 7)
    await codec.decode(good)
    const flips = fc.array(fc.tuple(fc.integer({ min: 5, max: good.length - 1 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 6,
    })
    fc.assert(
      fc.property(flips, fc.uint8Array({ maxLength: 60 }), (changes, random) => {
        const damaged = Buffer.from(good)
        for (const [at, byte] of changes) damaged[at] = byte
        expect(codec.decodeCached(damaged)).toBeDefined()
        expect(codec.decodeCached(frame(7, random))).toBeDefined()
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('rejected: parsed by the writer, not what the reader takes', () => {
  test('another record', async () => {
    const bytes = written(60, record('Invoice', [path]), { path: 'a' })
    const decoded = await avroCodec(DOCUMENT, schemas).decode(bytes)
    expect(decoded.kind).toBe('rejected')
    expect(messageOf(decoded)).toContain(
      'schema id 60 (io.towline.test.Invoice) cannot be read as io.towline.test.Document',
    )
  })

  test('a required field the writer did not have', async () => {
    const bytes = written(61, record('Document', [path]), { path: 'a' })
    expect((await avroCodec(DOCUMENT, schemas).decode(bytes)).kind).toBe('rejected')
  })

  test('a long beyond what a number holds, as another language may write it', async () => {
    const bytes = frame(7, Buffer.from('0261feffffffffffffffff0100000000', 'hex'))
    const decoded = await avroCodec(DOCUMENT, schemas).decode(bytes)
    expect(decoded.kind).toBe('rejected')
    expect(await decodeAny(bytes, schemas)).toMatchObject({
      kind: 'decoded',
      value: { sizeBytes: '9223372036854775807' },
    })
  })

  test('but bytes that do not even parse by the writer are undecodable', async () => {
    const bytes = written(62, record('Invoice', [path]), { path: 'abc' })
    expect((await avroCodec(DOCUMENT, schemas).decode(bytes.subarray(0, -1))).kind).toBe('undecodable')
  })
})

describe('decodeAny', () => {
  test("decodes by the writer's own schema and names it", async () => {
    const bytes = written(70, record('Invoice', [path]), { path: 'a' })
    expect(await decodeAny(bytes, schemas)).toEqual({
      kind: 'decoded',
      value: { path: 'a' },
      schemaName: 'io.towline.test.Invoice',
      schemaId: 70,
    })
  })

  test('says why bytes cannot be decoded', async () => {
    expect(await decodeAny(null, schemas)).toMatchObject({ kind: 'undecodable' })
    expect(await decodeAny(Buffer.from('text'), schemas)).toMatchObject({ kind: 'undecodable' })
    expect(await decodeAny(frame(99, Buffer.alloc(0)), schemas)).toMatchObject({
      failureMessage: 'schema id 99 is not registered',
    })
    expect(await decodeAny(frame(7, Buffer.from([9])), schemas)).toMatchObject({
      failureMessage: 'the bytes are not what schema id 7 (io.towline.test.Document) says',
    })
  })
})

test('a schema that is not Avro makes no codec', () => {
  const bad = avroSchema<object>({ type: 'recrod', name: 'X' } as { name: string })
  expect(towlineErrorOf(() => avroCodec(bad, schemas), 'TOWLINE_SCHEMA_INVALID').message).toContain(
    'X is not a valid Avro schema',
  )
})
