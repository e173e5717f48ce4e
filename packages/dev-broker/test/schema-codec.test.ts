import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { API_REGISTRY } from '../src/apis/api-registry.ts'
import { compileMessage } from '../src/protocol/codec.ts'
import { MalformedRequestError, Reader } from '../src/protocol/reader.ts'
import { fieldShape, type MessageSchema } from '../src/protocol/schema.ts'
import { FrameWriter } from '../src/protocol/writer.ts'
import { messageOf } from './message-arbitrary.ts'

function encode(schema: MessageSchema, version: number, value: unknown, isFlexible = false): Buffer {
  const writer = new FrameWriter()
  compileMessage(schema, version, isFlexible).write(writer, value)
  const frame = Buffer.concat(writer.finish())
  expect(frame.readInt32BE(0)).toBe(frame.length - 4)
  return frame.subarray(4)
}

function decode(schema: MessageSchema, version: number, bytes: Buffer, isFlexible = false): unknown {
  const reader = new Reader(bytes)
  const value = compileMessage(schema, version, isFlexible).read(reader)
  expect(reader.remainingBytes).toBe(0)
  return value
}

const messages = API_REGISTRY.flatMap((api) => {
  const versions = Array.from({ length: api.versions[1] - api.versions[0] + 1 }, (_, i) => api.versions[0] + i)
  const schemas = { request: api.requestSchema, response: api.responseSchema }
  return Object.entries(schemas).map(([kind, schema]) => ({ title: `${api.name} ${kind}`, schema, versions, api }))
})

test.each(messages)('what is written is read again, at every version: $title', ({ schema, versions, api }) => {
  const anyVersion = fc.constantFrom(...versions)
  const cases = anyVersion.chain((version) => fc.tuple(fc.constant(version), messageOf(schema, version)))
  fc.assert(
    fc.property(cases, ([version, message]) => {
      const bytes = encode(schema, version, message, api.isFlexible(version))
      expect(decode(schema, version, bytes, api.isFlexible(version))).toEqual(message)
    }),
    { numRuns: 60 },
  )
})

test.each(messages)('other bytes are read or refused, and nothing else: $title', ({ schema, versions, api }) => {
  fc.assert(
    fc.property(fc.constantFrom(...versions), fc.uint8Array({ maxLength: 120 }), (version, bytes) => {
      try {
        compileMessage(schema, version, api.isFlexible(version)).read(new Reader(Buffer.from(bytes)))
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedRequestError)
      }
    }),
    { numRuns: 200 },
  )
})

describe('a schema', () => {
  const schema = { always: 'int16', since: 'int32 @2+ =7', between: 'string? @1-2', only: 'boolean @3' } as const

  test('puts a field on the wire in its versions only', () => {
    const message = { always: 1, since: 2, between: 'x', only: true }
    expect(encode(schema, 0, message).toString('hex')).toBe('0001')
    expect(encode(schema, 1, message).toString('hex')).toBe('0001000178')
    expect(encode(schema, 2, message).toString('hex')).toBe('000100000002000178')
    expect(encode(schema, 3, message).toString('hex')).toBe('00010000000201')
  })

  test('reads an absent field as its default', () => {
    expect(decode(schema, 0, Buffer.from('0005', 'hex'))).toEqual({ always: 5, since: 7, between: null, only: false })
  })

  test('writes the default of a field that is left out, and null where it was given', () => {
    expect(encode(schema, 2, { always: 1 }).toString('hex')).toBe('000100000007ffff')
  })

  test('has compact lengths and a tagged section per structure in flexible versions', () => {
    const nested = { items: [{ name: 'string', data: 'bytes?' }] } as const
    const message = { items: [{ name: 'ab', data: null }] }
    expect(encode(nested, 0, message, true).toString('hex')).toBe('02036162000000')
    expect(encode(nested, 0, message, false).toString('hex')).toBe('0000000100026162ffffffff')
  })

  test('skips tagged fields it does not know', () => {
    const bytes = Buffer.from('0001' + '02' + '0002aabb' + '0500', 'hex')
    expect(decode({ value: 'int16' }, 0, bytes, true)).toEqual({ value: 1 })
  })

  test.each(['int', 'int32 @', 'int32 @3-', 'int32=1 x', ''])('that is mistaken fails where it is read: %j', (spec) => {
    expect(() => fieldShape('field', spec)).toThrow('field field')
  })
})

describe('reading', () => {
  test('refuses null where a value must be', () => {
    expect(() => decode({ name: 'string' }, 0, Buffer.from('ffff', 'hex'))).toThrow(MalformedRequestError)
    expect(() => decode({ items: ['int32'] }, 0, Buffer.from('ffffffff', 'hex'))).toThrow(MalformedRequestError)
  })

  test('refuses an array longer than the bytes that are left, before making room for it', () => {
    expect(() => decode({ items: ['int32'] }, 0, Buffer.from('7fffffff', 'hex'))).toThrow(/2147483647 elements/)
  })

  test('keeps int64 exact up to 2^53', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(decode({ value: 'int64' }, 0, encode({ value: 'int64' }, 0, { value }))).toEqual({ value })
      }),
    )
  })
})

test('large blobs leave by reference and in order among the small fields', () => {
  const batches = [Buffer.alloc(5_000, 1), Buffer.alloc(10, 2), Buffer.alloc(70_000, 3)]
  const writer = new FrameWriter()
  compileMessage({ before: 'int8', records: 'records', after: 'int8' }, 0, false).write(writer, {
    before: 9,
    records: batches,
    after: 8,
  })
  const chunks = writer.finish()
  expect(chunks).toContain(batches[0])
  expect(chunks).toContain(batches[2])
  const body = Buffer.concat(chunks).subarray(4)
  expect(body).toEqual(Buffer.concat([Buffer.from([9]), Buffer.from([0, 1, 0x25, 0x02]), ...batches, Buffer.from([8])]))
})

test('a message of many small fields outgrows the first buffer without a byte astray', () => {
  const items = Array.from({ length: 3_000 }, (_, i) => ({
    a: i % 128,
    b: i,
    c: i * 7,
    d: i * 1_000_000_007,
    e: `${i}`,
  }))
  const schema = { items: [{ a: 'int8', b: 'int16', c: 'int32', d: 'int64', e: 'string' }] } as const
  for (const isFlexible of [false, true])
    expect(decode(schema, 0, encode(schema, 0, { items }, isFlexible), isFlexible)).toEqual({ items })
})
