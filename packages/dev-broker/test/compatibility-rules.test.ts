import { describe, expect, test } from 'vitest'
import { checkCompatibility } from '../src/compatibility/check-compatibility.ts'
import type { Incompatibility, IncompatibilityKind } from '../src/compatibility/incompatibility.ts'

const record = (fields: readonly object[], more: object = {}): object => ({
  type: 'record',
  name: 'R',
  fields,
  ...more,
})
const enumOf = (symbols: readonly string[], more: object = {}): object => ({
  type: 'enum',
  name: 'E',
  symbols,
  ...more,
})
const fixed = (size: number, more: object = {}): object => ({ type: 'fixed', name: 'F', size, ...more })

/** What keeps `reader` from reading `writer`. */
function reading(reader: unknown, writer: unknown): readonly Incompatibility[] {
  const against = [{ version: 1, schema: JSON.stringify(writer) }]
  return checkCompatibility({ candidate: JSON.stringify(reader), against, level: 'BACKWARD' })
}

type Row = readonly [rule: string, reader: unknown, writer: unknown, expected: readonly IncompatibilityKind[]]

// "Schema Resolution" in https://avro.apache.org/docs/1.12.0/specification/, rule by rule.
const SPECIFICATION: readonly Row[] = [
  ['equal primitives match', 'int', 'int', []],
  ['different primitives do not', 'boolean', 'int', ['type-changed']],
  ['int is promoted to long', 'long', 'int', []],
  ['int is promoted to float', 'float', 'int', []],
  ['int is promoted to double', 'double', 'int', []],
  ['long is promoted to float', 'float', 'long', []],
  ['long is promoted to double', 'double', 'long', []],
  ['float is promoted to double', 'double', 'float', []],
  ['long is not narrowed to int', 'int', 'long', ['type-changed']],
  ['double is not narrowed to float', 'float', 'double', ['type-changed']],
  ['float is not promoted to long', 'long', 'float', ['type-changed']],
  ['string is promoted to bytes', 'bytes', 'string', []],
  ['bytes is promoted to string', 'string', 'bytes', []],
  ['fixed is not promoted to bytes', 'bytes', fixed(4), ['type-changed']],
  ['arrays match when their items do', { type: 'array', items: 'long' }, { type: 'array', items: 'int' }, []],
  ['arrays do not otherwise', { type: 'array', items: 'int' }, { type: 'array', items: 'long' }, ['type-changed']],
  ['maps match when their values do', { type: 'map', values: 'double' }, { type: 'map', values: 'float' }, []],
  ['maps do not otherwise', { type: 'map', values: 'float' }, { type: 'map', values: 'double' }, ['type-changed']],
  ['an array is no map', { type: 'array', items: 'int' }, { type: 'map', values: 'int' }, ['type-changed']],
  ['an enum takes fewer symbols', enumOf(['A', 'B']), enumOf(['B']), []],
  ['an enum does not take more', enumOf(['A']), enumOf(['A', 'B']), ['enum-symbol-missing']],
  ['an enum with a default takes more', enumOf(['A'], { default: 'A' }), enumOf(['A', 'B']), []],
  ['an enum is no string', 'string', enumOf(['A']), ['type-changed']],
  ['enums match by name', enumOf(['A'], { name: 'G' }), enumOf(['A']), ['name-changed']],
  ['enums match by alias', enumOf(['A'], { name: 'G', aliases: ['E'] }), enumOf(['A']), []],
  ['fixed of one size match', fixed(4), fixed(4), []],
  ['fixed of two sizes do not', fixed(4), fixed(5), ['fixed-size-changed']],
  ['fixed match by name', fixed(4, { name: 'G' }), fixed(4), ['name-changed']],
  ['name and size are both reported', fixed(4, { name: 'G' }), fixed(5), ['name-changed', 'fixed-size-changed']],
  [
    'fields match by name in any order',
    record([
      { name: 'a', type: 'int' },
      { name: 'b', type: 'int' },
    ]),
    record([
      { name: 'b', type: 'int' },
      { name: 'a', type: 'int' },
    ]),
    [],
  ],
  ['a field only the writer has is skipped', record([]), record([{ name: 'a', type: 'int' }]), []],
  ['a field only the reader has needs a default', record([{ name: 'a', type: 'int', default: 0 }]), record([]), []],
  ['a field without one fails', record([{ name: 'a', type: 'int' }]), record([]), ['field-without-default']],
  ['null is a default', record([{ name: 'a', type: ['null', 'int'], default: null }]), record([]), []],
  [
    'a field matches by the alias of the reader',
    record([{ name: 'a', type: 'int', aliases: ['b'] }]),
    record([{ name: 'b', type: 'int' }]),
    [],
  ],
  [
    'an alias of the writer does not count',
    record([{ name: 'b', type: 'int' }]),
    record([{ name: 'a', type: 'int', aliases: ['b'] }]),
    ['field-without-default'],
  ],
  [
    'name and alias may not match two fields',
    record([{ name: 'a', type: 'int', aliases: ['b'] }]),
    record([
      { name: 'a', type: 'int' },
      { name: 'b', type: 'int' },
    ]),
    ['field-alias-ambiguous'],
  ],
  ['records match by name', record([], { name: 'S' }), record([]), ['name-changed']],
  ['records match by alias', record([], { name: 'S', aliases: ['R'] }), record([]), []],
  [
    'an alias without a namespace is in that of its type',
    record([], { name: 'S', namespace: 'n', aliases: ['R'] }),
    record([], { namespace: 'n' }),
    [],
  ],
  ['another namespace is another name', record([], { namespace: 'n' }), record([]), ['name-changed']],
  ['an error is read as a record', record([]), record([], { type: 'error' }), []],
  ['a union takes a branch', ['null', 'int'], 'int', []],
  ['a union takes by promotion', ['null', 'long'], 'int', []],
  ['a union without the branch does not', ['null', 'string'], 'int', ['union-branch-missing']],
  ['a union may be read when every branch may', 'long', ['int', 'long'], []],
  ['each unreadable branch is reported', 'int', ['null', 'int', 'long'], ['type-changed', 'type-changed']],
  ['unions match in any order', ['int', 'null'], ['null', 'int'], []],
  ['a reader may have more branches', ['null', 'int', 'string'], ['null', 'int'], []],
  ['a reader may not have fewer', ['null', 'int'], ['null', 'int', 'boolean'], ['union-branch-missing']],
  ['logical types are ignored', { type: 'long', logicalType: 'timestamp-millis' }, 'long', []],
  ['a type nobody knows is its underlying type', { type: 'int', logicalType: 'unheard-of' }, 'int', []],
]

test.each(SPECIFICATION)('%s', (_rule, reader, writer, expected) => {
  expect(reading(reader, writer).map(({ kind }) => kind)).toEqual(expected)
})

describe('recursive schemas', () => {
  const node = (...fields: readonly object[]): object =>
    record([{ name: 'next', type: ['null', 'R'], default: null }, ...fields])

  test('read themselves', () => {
    expect(reading(node(), node())).toEqual([])
  })

  test('are compared below the recursion too', () => {
    const changed = node({ name: 'size', type: 'int' })
    expect(reading(changed, node({ name: 'size', type: 'long' })).map(({ path }) => path)).toEqual(['R.size'])
  })

  test('through two records that name each other report the deepest cause once', () => {
    const pair = (leaf: string): object =>
      record([
        {
          name: 'b',
          type: {
            type: 'record',
            name: 'B',
            fields: [
              { name: 'a', type: ['null', 'R'] },
              { name: 'leaf', type: leaf },
            ],
          },
        },
      ])
    expect(reading(pair('string'), pair('int')).map(({ path }) => path)).toEqual(['R.b.leaf'])
  })

  test('do not hide behind the assumption that a record met again is readable', () => {
    // B is compared inside A, while A is still assumed readable; A then fails on `size`, which the union forgives, since
    // Other takes its place. B, which holds an A without a choice, may not keep what it owes to the assumption.
    const a = (size: string): object => ({
      type: 'record',
      name: 'A',
      fields: [
        { name: 'b', type: ['null', { type: 'record', name: 'B', fields: [{ name: 'a', type: 'A' }] }] },
        { name: 'size', type: size },
      ],
    })
    const other = { type: 'record', name: 'Other', aliases: ['A'], fields: [{ name: 'size', type: 'long' }] }
    const reader = [{ name: 'either', type: [a('int'), other] }]
    const writer = [{ name: 'either', type: a('long') }]
    const b = { name: 'b', type: 'B' }
    expect(reading(record(reader), record(writer))).toEqual([])
    expect(reading(record([...reader, b]), record([...writer, b])).map(({ kind }) => kind)).toEqual(['type-changed'])
  })
})

describe('an incompatibility', () => {
  test('is reported for every place, with its path', () => {
    const inner = (type: string): object => ({ type: 'record', name: 'Inner', fields: [{ name: 'deep', type }] })
    const schema = (type: string): object =>
      record([
        { name: 'list', type: { type: 'array', items: ['null', inner(type)] } },
        { name: 'table', type: { type: 'map', values: { type: 'array', items: type } } },
        { name: 'plain', type },
      ])
    expect(reading(schema('int'), schema('long')).map(({ path }) => path)).toEqual([
      'R.list[].deep',
      'R.table{}[]',
      'R.plain',
    ])
  })

  test('inside the one branch that is meant is explained there, not as a missing branch', () => {
    const failure = (...fields: readonly object[]): object => ({ type: 'record', name: 'Failure', fields })
    const reader = ['null', failure({ name: 'code', type: 'string' })]
    expect(reading(record([{ name: 'f', type: reader }]), record([{ name: 'f', type: ['null', failure()] }]))).toEqual([
      expect.objectContaining({ kind: 'field-without-default', path: 'R.f.code' }),
    ])
  })

  test('says who cannot read whom, and what its author can do', () => {
    const earlier = { version: 3, schema: JSON.stringify(record([{ name: 'a', type: 'int' }])) }
    const candidate = JSON.stringify(record([{ name: 'b', type: 'int' }]))
    expect(checkCompatibility({ candidate, against: [earlier], level: 'FULL_TRANSITIVE' })).toEqual([
      {
        kind: 'field-without-default',
        path: 'R.b',
        message: 'R.b of the new schema has no default, and is not written by version 3',
        wayOut: 'give the field a default',
        version: 3,
        reader: 'candidate',
      },
      {
        kind: 'field-without-default',
        path: 'R.a',
        message: 'R.a of version 3 has no default, and is not written by the new schema',
        wayOut: 'keep the field',
        version: 3,
        reader: 'earlier',
      },
    ])
  })
})
