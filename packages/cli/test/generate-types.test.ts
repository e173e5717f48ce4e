import { TowlineError } from '@towline/contracts'
import { describe, expect, test } from 'vitest'
import { generateTypes } from '../src/schemas/generate-types.ts'

const typesOf = (schema: unknown): string => generateTypes({ file: 'schemas/x.avsc', text: JSON.stringify(schema) })
const record = (...fields: readonly object[]): object => ({ type: 'record', name: 'R', namespace: 'n', fields })

test('writes an interface and a constant that carries the schema', () => {
  expect(typesOf(record({ name: 'path', type: 'string', doc: 'Where it is.' }))).toBe(`\
// Generated from schemas/x.avsc by \`towline schemas types\`. Do not edit.
import { type AvroSchema, avroSchema } from '@towline/contracts'

export interface R {
  /** Where it is. */
  readonly path: string
}

const schema = {
  type: 'record',
  name: 'R',
  namespace: 'n',
  fields: [
    {
      name: 'path',
      type: 'string',
      doc: 'Where it is.',
    },
  ],
}

export const R: AvroSchema<R> = avroSchema<R>(schema)
`)
})

test('imports from where it is told', () => {
  const text = JSON.stringify(record())
  const source = generateTypes({ file: 'x.avsc', text, importFrom: '../avro/avro-schema.ts' })
  expect(source).toContain("import { type AvroSchema, avroSchema } from '../avro/avro-schema.ts'")
})

test('keeps a comment closed, whatever the doc says', () => {
  expect(typesOf(record({ name: 'a', type: 'int', doc: 'Ends */ early.' }))).toContain('/** Ends *\\/ early. */')
})

describe('a schema that cannot have types is refused with its path and the way out:', () => {
  test.each([
    ['two records in a union', ['R', { type: 'record', name: 'S', fields: [] }], /R\.a: R and S in one union/],
    ['a record and a map', ['null', 'R', { type: 'map', values: 'int' }], /R\.a: R and map in one union/],
    ['two numbers', ['int', 'double'], /R\.a: int and double in one union/],
    ['bytes and fixed', ['bytes', { type: 'fixed', name: 'F', size: 1 }], /R\.a: bytes and F in one union/],
    ['string and enum', ['string', { type: 'enum', name: 'E', symbols: ['A'] }], /R\.a: string and E in one union/],
    [
      'one deep inside',
      { type: 'array', items: { type: 'map', values: ['int', 'long'] } },
      /R\.a\[\]\{\}: int and long/,
    ],
    ['a name in lower case', { type: 'record', name: 'class', fields: [] }, /name class is not PascalCase/],
    ['a name of TypeScript', { type: 'fixed', name: 'Uint8Array', size: 1 }, /name Uint8Array is taken/],
    ['one name in two namespaces', { type: 'record', name: 'm.R', fields: [] }, /n\.R and m\.R would be the same/],
  ])('%s', (_what, type, message) => {
    const schema = record({ name: 'a', type })
    expect(() => typesOf(schema)).toThrow(TowlineError)
    expect(() => typesOf(schema)).toThrow(message)
  })

  test.each([
    ['no record at the top', '"int"', /no record/],
    ['no Avro', '{"type":"recrod"}', /not an Avro schema/],
    ['no JSON', '{', /not JSON/],
  ])('%s', (_what, text, message) => {
    expect(() => generateTypes({ file: 'schemas/x.avsc', text })).toThrow(
      expect.objectContaining({ code: 'TOWLINE_SCHEMA_INVALID', message: expect.stringMatching(message) }),
    )
  })
})

test('an array or a boolean beside a string and a number needs no wrapping', () => {
  const type = ['null', 'string', 'long', 'boolean', 'bytes', { type: 'array', items: 'string' }]
  expect(typesOf(record({ name: 'a', type }))).toContain(
    'readonly a: string | number | boolean | Uint8Array | readonly string[] | null',
  )
})
