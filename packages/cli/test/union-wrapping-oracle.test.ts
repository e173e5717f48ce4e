// The rule that refuses unions must be avsc's own: what it lets through, avsc must take and give unwrapped.
import avro from 'avsc'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSchemaModel } from '../src/schemas/schema-model.ts'
import { rulesBroken } from '../src/schemas/schema-rules.ts'

const BRANCHES = [
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
  { type: 'array', items: 'int' },
  { type: 'map', values: 'int' },
  { type: 'record', name: 'S', fields: [] },
  { type: 'enum', name: 'E', symbols: ['A'] },
  { type: 'fixed', name: 'F', size: 2 },
] as const

test('refuses exactly the unions that avsc would wrap', () => {
  const verdicts = { wrapped: 0, plain: 0 }
  fc.assert(
    fc.property(fc.subarray([...BRANCHES], { minLength: 1, maxLength: 4 }), (branches) => {
      const isWrapped = avro.Type.forSchema(branches as avro.Schema).typeName === 'union:wrapped'
      verdicts[isWrapped ? 'wrapped' : 'plain'] += 1
      const schema = { type: 'record', name: 'R', fields: [{ name: 'a', type: branches }] }
      const broken = rulesBroken(readSchemaModel(JSON.stringify(schema)))
      expect(broken.some(({ problem }) => problem.includes('wrapping'))).toBe(isWrapped)
    }),
    { numRuns: 500 },
  )
  expect(verdicts.wrapped).toBeGreaterThan(50)
  expect(verdicts.plain).toBeGreaterThan(50)
})
