import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { typescriptLiteral } from '../src/schemas/typescript-literal.ts'

test('is the value it was made of', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.stringify(value)
      // A key __proto__ means something else in a literal; no Avro schema has one.
      fc.pre(!json.includes('__proto__'))
      expect(JSON.stringify(runInNewContext(`(${typescriptLiteral(value)})`))).toBe(json)
    }),
  )
})

test.each([
  ['a word', "'a word'"],
  ["it's", '"it\'s"'],
  ['say "no"', '\'say "no"\''],
  [`it's "so"`, `'it\\'s "so"'`],
  ['two\nlines \\ and a null \0', "'two\\nlines \\\\ and a null \\u0000'"],
  [['null', 'string'], "['null', 'string']"],
  [[], '[]'],
  [{}, '{}'],
  [{ type: 'a', 'b-c': null }, "{\n  type: 'a',\n  'b-c': null,\n}"],
  [[{ a: 1 }], '[\n  {\n    a: 1,\n  },\n]'],
])('%j is written %s', (value, expected) => {
  expect(typescriptLiteral(value)).toBe(expected)
})

test('a long string goes below a long key, and stays beside a short one', () => {
  const text = 'x'.repeat(120)
  expect(typescriptLiteral({ default: text })).toBe(`{\n  default:\n    '${text}',\n}`)
  expect(typescriptLiteral({ doc: text })).toBe(`{\n  doc: '${text}',\n}`)
})
