import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileBodyCheck, hasCounts } from '../src/avro/body-check.ts'

type SchemaJson = Parameters<typeof avsc.Type.forSchema>[0]

const leaf = fc.constantFrom('null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string')

/** Schemas of every kind; named types get a name of their own. */
function schemas(depth: number, name: string): fc.Arbitrary<unknown> {
  if (depth === 0) return leaf
  const inner = (part: string) => schemas(depth - 1, name + part)
  return fc.oneof(
    leaf,
    inner('a').map((items) => ({ type: 'array', items })),
    inner('m').map((values) => ({ type: 'map', values })),
    fc
      .tuple(inner('x'), inner('y'))
      .map((types) => ({ type: 'record', name, fields: types.map((type, i) => ({ name: `f${i}`, type })) })),
    fc.constantFrom(['null', 'string'], ['int', 'string', 'null']),
    fc.constant({ type: 'enum', name, symbols: ['A', 'B', 'C'] }),
    fc.constant({ type: 'fixed', name, size: 3 }),
  )
}

function typeOf(schema: unknown): avsc.Type {
  return avsc.Type.forSchema(schema as SchemaJson)
}

/** A value of the type, by avsc's own generator. */
function randomBytes(type: avsc.Type): Buffer {
  return type.toBuffer(type.random())
}

function passes(type: avsc.Type, bytes: Buffer): boolean {
  return compileBodyCheck(type)(bytes, 0, bytes.length) === bytes.length
}

describe('the body check', () => {
  test('B2: passes what a writer makes of any schema, and not what is cut short', () => {
    fc.assert(
      fc.property(schemas(3, 'N'), (schema) => {
        const type = typeOf(schema)
        const bytes = randomBytes(type)
        expect(passes(type, bytes)).toBe(true)
        if (bytes.length > 0) expect(passes(type, bytes.subarray(0, -1))).toBe(false)
        expect(passes(type, Buffer.concat([bytes, Buffer.from([0])]))).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('what it passes, avsc reads to the last byte', () => {
    const types = [
      { type: 'array', items: 'string' },
      { type: 'map', values: ['null', 'long'] },
      {
        type: 'record',
        name: 'R',
        fields: [
          { name: 'a', type: { type: 'array', items: 'boolean' } },
          { name: 'e', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] } },
        ],
      },
    ].map(typeOf)
    // Bytes of which many make small counts, lengths and branches.
    const likely = fc.array(fc.constantFrom(0, 0, 1, 2, 2, 3, 4, 97), { maxLength: 8 })
    let passed = 0
    fc.assert(
      fc.property(fc.constantFrom(...types), likely, (type, random) => {
        const bytes = Buffer.from(random)
        if (!passes(type, bytes)) return
        passed += 1
        expect(type.decode(bytes, 0).offset).toBe(bytes.length)
      }),
      { numRuns: 5_000, seed: 5 },
    )
    expect(passed).toBeGreaterThan(100)
  })

  test('takes blocks with their size in bytes, and only with the right one', () => {
    const strings = typeOf({ type: 'array', items: 'string' })
    // −2 items in 4 bytes: "a", "b"; end.
    expect(passes(strings, Buffer.from([3, 8, 2, 97, 2, 98, 0]))).toBe(true)
    expect(strings.fromBuffer(Buffer.from([3, 8, 2, 97, 2, 98, 0]))).toEqual(['a', 'b'])
    expect(passes(strings, Buffer.from([3, 6, 2, 97, 2, 98, 0]))).toBe(false)
    expect(passes(strings, Buffer.from([3, 7, 2, 97, 2, 98, 0]))).toBe(false)
  })

  test('B1: refuses more items of no bytes than it will count', () => {
    const nulls = typeOf({ type: 'array', items: 'null' })
    expect(passes(nulls, Buffer.from('d00f00', 'hex'))).toBe(true) // 1,000 of them
    expect(passes(nulls, Buffer.from('fef3ffff0f00', 'hex'))).toBe(false)
  })

  test('follows types that refer to themselves', () => {
    const tree = typeOf({
      type: 'record',
      name: 'Tree',
      fields: [{ name: 'children', type: { type: 'array', items: 'Tree' } }],
    })
    const value = { children: [{ children: [] }, { children: [{ children: [] }] }] }
    expect(passes(tree, tree.toBuffer(value))).toBe(true)
    expect(hasCounts(tree)).toBe(true)
  })

  test.each([
    ['a branch', ['null', 'string'], [4]],
    ['a negative branch', ['null', 'string'], [1]],
    ['a symbol', { type: 'enum', name: 'E', symbols: ['A'] }, [2]],
    ['a length', 'string', [1]],
    ['a varint of eleven bytes', 'long', [...new Array(10).fill(0x80), 1]],
  ])('refuses %s that does not exist', (_name, schema, bytes) => {
    expect(passes(typeOf(schema), Buffer.from(bytes))).toBe(false)
  })
})

test('only schemas with arrays or maps hold counts, however deep', () => {
  const list = { type: 'record', name: 'List', fields: [{ name: 'next', type: ['null', 'List'] }] }
  const deep = {
    type: 'record',
    name: 'Deep',
    fields: [{ name: 'maybe', type: ['null', { type: 'map', values: 'int' }] }],
  }
  expect([hasCounts(typeOf('string')), hasCounts(typeOf(list)), hasCounts(typeOf(deep))]).toEqual([false, false, true])
})
