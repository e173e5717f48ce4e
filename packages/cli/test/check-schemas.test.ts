import { expect, test } from 'vitest'
import { checkSchemas, type SchemaProblem } from '../src/schemas/check-schemas.ts'
import type { SchemaFiles } from '../src/schemas/schema-files.ts'

const text = (...fields: readonly object[]): string => JSON.stringify({ type: 'record', name: 'Ping', fields })
const a = { name: 'a', type: 'int' }
const optional = (name: string): object => ({ name, type: ['null', 'int'], default: null })

/** `ping.avsc` over its history, oldest first. */
function folder(current: string | undefined, ...history: readonly string[]): SchemaFiles {
  return {
    current: current === undefined ? [] : [{ name: 'ping', file: 'ping.avsc', text: current }],
    history: history.map((version, index) => ({
      name: 'ping',
      version: index + 1,
      file: `history/ping.${index + 1}.avsc`,
      text: version,
    })),
    strays: [],
  }
}

const places = (problems: readonly SchemaProblem[]): readonly string[] =>
  problems.map(({ file, path }) => `${file} ${path}`)

test('a folder that keeps to the rules has no problem', () => {
  const newest = text(a, optional('b'))
  expect(checkSchemas(folder(newest, text(a), newest))).toEqual([])
})

test('white space in a file is no difference', () => {
  expect(checkSchemas(folder(JSON.stringify(JSON.parse(text(a)), null, 2), text(a)))).toEqual([])
})

test('a change that is not in the history is a problem, and so is no history', () => {
  expect(checkSchemas(folder(text(a, optional('b')), text(a)))).toEqual([
    {
      file: 'ping.avsc',
      path: '',
      problem: 'it differs from history/ping.1.avsc, the newest of its history',
      wayOut: 'copy it to history/ping.2.avsc, or undo the change',
    },
  ])
  expect(checkSchemas(folder(text(a)))).toEqual([
    expect.objectContaining({ file: 'ping.avsc', wayOut: 'copy ping.avsc to history/ping.1.avsc' }),
  ])
})

test('another doc is a change', () => {
  expect(places(checkSchemas(folder(text({ ...a, doc: 'New.' }), text(a))))).toEqual(['ping.avsc '])
})

test('every version is held to every earlier one, in both directions', () => {
  const required = text(a, { name: 'b', type: 'int' })
  const problems = checkSchemas(folder(required, text(a), text(a, optional('c')), required))
  expect(places(problems)).toEqual(['history/ping.3.avsc Ping.b', 'history/ping.3.avsc Ping.b'])
  expect(problems.map(({ problem }) => problem)).toEqual([
    expect.stringContaining('version 1'),
    expect.stringContaining('version 2'),
  ])
  expect(problems[0]?.wayOut).toBe('give the field a default')
})

test('a version that is missing is a problem', () => {
  const files = folder(text(a), text(a), text(a))
  const problems = checkSchemas({ ...files, history: files.history.slice(1) })
  expect(problems).toEqual([expect.objectContaining({ problem: 'version 2 follows where version 1 should stand' })])
})

test('a history without a current schema is a problem', () => {
  expect(places(checkSchemas(folder(undefined, text(a))))).toEqual(['history/ping.1.avsc '])
})

test('a file in the history without a version is a problem', () => {
  const files = { ...folder(text(a), text(a)), strays: ['history/ping.avsc'] }
  expect(places(checkSchemas(files))).toEqual(['history/ping.avsc '])
})

test('a version that is no Avro is reported once, not by every later one', () => {
  expect(places(checkSchemas(folder(text(a), '{', text(a), text(a))))).toEqual(['history/ping.1.avsc '])
})

test.each([
  ['an enum', { name: 'e', type: { type: 'enum', name: 'E', symbols: ['A'] } }, 'E', /enum/],
  ['a union that needs wrapping', { name: 'u', type: ['int', 'string', 'double'] }, 'Ping.u', /int and double/],
  ['an optional without a default', { name: 'o', type: ['null', 'int'] }, 'Ping.o', /default to null/],
  ['an optional with null last', { name: 'o', type: ['int', 'null'], default: 0 }, 'Ping.o', /begin with null/],
  ['a record in lower case', { name: 'r', type: { type: 'record', name: 'r', fields: [] } }, 'r', /PascalCase/],
])('%s is a problem', (_what, field, path, problem) => {
  const schema = text(field)
  expect(checkSchemas(folder(schema, schema))).toEqual([
    expect.objectContaining({ file: 'ping.avsc', path, problem: expect.stringMatching(problem) }),
  ])
})

test('every problem is reported, not only the first', () => {
  const schema = text({ name: 'o', type: ['null', 'int'] }, { name: 'u', type: ['int', 'long'] })
  expect(places(checkSchemas(folder(schema, schema)))).toEqual(['ping.avsc Ping.u', 'ping.avsc Ping.o'])
})

test('one name for two definitions in two files is a problem', () => {
  const shared = (type: string): object => ({ type: 'record', name: 'Shared', fields: [{ name: 'x', type }] })
  const schemas = ['int', 'long'].map((type, index) => ({
    name: `s${index}`,
    file: `s${index}.avsc`,
    text: JSON.stringify({ type: 'record', name: `S${index}`, fields: [{ name: 'f', type: shared(type) }] }),
  }))
  const history = schemas.map((schema) => ({ ...schema, version: 1, file: `history/${schema.name}.1.avsc` }))
  expect(checkSchemas({ current: schemas, history, strays: [] })).toEqual([
    expect.objectContaining({ file: 's1.avsc', path: 'Shared', problem: expect.stringContaining('s0.avsc') }),
  ])
})
