// avsc decodes in every runner, so its resolver is the oracle: what the checker allows must decode, and what avsc
// cannot resolve must be refused.
import type avro from 'avsc'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAvroSchema } from '../src/compatibility/parse-avro-schema.ts'
import { schemaMismatches } from '../src/compatibility/schema-resolution.ts'
import { type SchemaPair, schemaPairs } from './schema-pairs.ts'

function checkerAllows({ reader, writer }: SchemaPair): boolean {
  const sides = { reader: 'the reader', writer: 'the writer', candidate: 'reader' } as const
  return schemaMismatches(parse(reader), parse(writer), sides).length === 0
}

function avscAllows({ reader, writer }: SchemaPair): boolean {
  try {
    parse(reader).createResolver(parse(writer))
    return true
  } catch {
    return false
  }
}

function parse(schema: unknown): avro.Type {
  return parseAvroSchema(JSON.stringify(schema)).type
}

test('agrees with the resolver of avsc on schemas without recursion', () => {
  const verdicts = { allowed: 0, refused: 0 }
  fc.assert(
    fc.property(schemaPairs({ isRecursive: false }), (pair) => {
      const isAllowed = checkerAllows(pair)
      verdicts[isAllowed ? 'allowed' : 'refused'] += 1
      expect(isAllowed).toBe(avscAllows(pair))
    }),
    { numRuns: 3000 },
  )
  expect(verdicts.allowed).toBeGreaterThan(300)
  expect(verdicts.refused).toBeGreaterThan(300)
})

// avsc 5.7.9 keeps the half-made resolver of a pair of records that failed inside a union, and takes it for a good one
// when it meets the pair again; so on recursive schemas only its refusals are proof.
test('refuses every recursive pair that avsc refuses', () => {
  fc.assert(
    fc.property(schemaPairs({ isRecursive: true }), (pair) => {
      expect(checkerAllows(pair) && !avscAllows(pair)).toBe(false)
    }),
    { numRuns: 2000 },
  )
})

test('every schema reads itself, however recursive', () => {
  fc.assert(
    fc.property(schemaPairs({ isRecursive: true }), ({ reader }) => {
      expect(checkerAllows({ reader, writer: reader })).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test('what the checker allows, avsc decodes', () => {
  fc.assert(
    fc.property(schemaPairs({ isRecursive: false }), (pair) => {
      fc.pre(checkerAllows(pair))
      const [reader, writer] = [parse(pair.reader), parse(pair.writer)]
      const value: unknown = writer.random()
      expect(() => reader.fromBuffer(writer.toBuffer(value), reader.createResolver(writer))).not.toThrow()
    }),
    { numRuns: 500 },
  )
})
