import { avroCodec, avroSchema, decodeAny, frame } from '@towline/contracts'
import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { towlineErrorOf } from './error-matching.ts'
import { SchemasInMemory } from './schemas-in-memory.ts'

interface Moment {
  readonly at: number
}

const schemas = new SchemasInMemory()
const MOMENT = avroSchema<Moment>({
  type: 'record',
  name: 'Moment',
  fields: [{ name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } }],
} as { name: string })
schemas.add(1, MOMENT)
const codec = avroCodec(MOMENT, schemas)
await codec.decode(codec.encode({ at: 0 }, 1))

/** Zigzag varint by the Avro specification, in integers of any size. */
function avroLong(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

const edges = [0, 1, 2 ** 31, 2 ** 51, 2 ** 52 - 1, 2 ** 52, 2 ** 52 + 1, 2 ** 53 - 2, 2 ** 53 - 1].flatMap((value) => [
  value,
  -value,
])

describe('a long', () => {
  test.each(edges)('of %d is written as the specification says, and read back', (at) => {
    const bytes = frame(1, avroLong(BigInt(at)))
    expect(codec.encode({ at }, 1)).toEqual(bytes)
    expect(codec.decodeCached(bytes)).toEqual({ kind: 'decoded', value: { at: at === 0 ? 0 : at } })
  })

  test('of any safe integer comes back exactly', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -(2 ** 53) + 1, max: -(2 ** 52) })), (at) => {
        const bytes = codec.encode({ at }, 1)
        expect(bytes).toEqual(frame(1, avroLong(BigInt(at))))
        expect(codec.decodeCached(bytes)).toEqual({ kind: 'decoded', value: { at } })
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])(
    'of %d is refused when read, and shown as text',
    async (at) => {
      const bytes = frame(1, avroLong(at))
      expect(codec.decodeCached(bytes)?.kind).toBe('rejected')
      expect(await decodeAny(bytes, schemas)).toMatchObject({ value: { at: String(at) } })
    },
  )

  test.each([2 ** 53, -(2 ** 53), 1.5, Number.NaN, Number.POSITIVE_INFINITY])('of %d is refused when written', (at) => {
    towlineErrorOf(() => codec.encode({ at }, 1), 'TOWLINE_SCHEMA_MISMATCH')
  })

  test('is read exactly through resolution too', async () => {
    const before = {
      type: 'record',
      name: 'Moment',
      fields: [
        { name: 'gone', type: 'int' },
        { name: 'at', type: 'long' },
      ],
    }
    schemas.add(2, before)
    const at = -(2 ** 52) - 1
    const bytes = frame(2, Buffer.concat([Buffer.from([2]), avroLong(BigInt(at))]))
    expect(await codec.decode(bytes)).toEqual({ kind: 'decoded', value: { at } })
  })

  test('at the end of the buffer at hand is written whole', () => {
    const LONGS = avroSchema<{ all: number[] }>({
      type: 'record',
      name: 'Longs',
      fields: [{ name: 'all', type: { type: 'array', items: 'long' } }],
    } as { name: string })
    const value = { all: Array.from({ length: 5_000 }, () => -(2 ** 53) + 1) }
    expect(avroCodec(LONGS, schemas).encode(value, 3)).toHaveLength(5 + 2 + 5_000 * 8 + 1)
  })

  test('is still wrong in avsc itself: when this fails, exact-long.ts can go', () => {
    const long = avsc.Type.forSchema('long')
    expect(long.fromBuffer(long.toBuffer(-4_503_599_627_370_497))).toBe(4_503_599_627_370_496)
  })
})
