import { expect, test } from 'vitest'
import { checkCompatibility } from '../src/compatibility/check-compatibility.ts'
import { InvalidAvroSchemaError } from '../src/compatibility/parse-avro-schema.ts'

const withFields = (...fields: readonly object[]): string => JSON.stringify({ type: 'record', name: 'R', fields })
const required = (name: string): object => ({ name, type: 'int' })
const optional = (name: string): object => ({ name, type: ['null', 'int'], default: null })

test('NONE takes anything', () => {
  const against = [{ version: 1, schema: '"int"' }]
  expect(checkCompatibility({ candidate: '"string"', against, level: 'NONE' })).toEqual([])
})

test('BACKWARD looks at the latest version only, and at reading only', () => {
  const against = [
    { version: 1, schema: '"string"' },
    { version: 2, schema: withFields(required('a'), required('b')) },
  ]
  expect(checkCompatibility({ candidate: withFields(required('a')), against, level: 'BACKWARD' })).toEqual([])
})

test('FULL_TRANSITIVE looks at every version in both directions', () => {
  const against = [
    { version: 1, schema: withFields(required('a'), required('b')) },
    { version: 2, schema: withFields(required('a')) },
  ]
  const found = checkCompatibility({ candidate: withFields(required('c')), against, level: 'FULL_TRANSITIVE' })
  expect(found.map(({ version, reader, path }) => [version, reader, path])).toEqual([
    [1, 'candidate', 'R.c'],
    [1, 'earlier', 'R.a'],
    [1, 'earlier', 'R.b'],
    [2, 'candidate', 'R.c'],
    [2, 'earlier', 'R.a'],
  ])
})

test('FULL_TRANSITIVE lets optional fields come and go', () => {
  const against = [
    { version: 1, schema: withFields(required('a'), optional('b')) },
    { version: 2, schema: withFields(required('a')) },
  ]
  const candidate = withFields(required('a'), optional('c'))
  expect(checkCompatibility({ candidate, against, level: 'FULL_TRANSITIVE' })).toEqual([])
})

test('the first version has nothing to be compatible with', () => {
  expect(checkCompatibility({ candidate: '"int"', against: [], level: 'FULL_TRANSITIVE' })).toEqual([])
  expect(checkCompatibility({ candidate: '"int"', against: [], level: 'BACKWARD' })).toEqual([])
})

test.each([
  ['no JSON', '{'],
  ['a name nobody defined', '"Nobody"'],
  ['a record without a name', '{"type":"record","fields":[]}'],
  ['a record without fields', '{"type":"record","name":"R"}'],
  ['a default of the wrong type', '{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}'],
  ['a name with a hyphen', '{"type":"record","name":"a-b","fields":[]}'],
  ['two branches of one type', '["int","int"]'],
  ['JSON null', 'null'],
  ['nesting that would overflow the stack', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
])('%s is refused as no Avro schema', (_what, candidate) => {
  expect(() => checkCompatibility({ candidate, against: [], level: 'BACKWARD' })).toThrow(InvalidAvroSchemaError)
})
