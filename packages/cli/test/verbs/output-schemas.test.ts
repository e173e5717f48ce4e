import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import ownPackage from '../../package.json' with { type: 'json' }
import { documentErrors, schemaName, schemaNames } from './output-schemas.ts'
import { allVerbs } from './verbs-of.ts'

const verbs = allVerbs().map(({ name }) => name)

test('every verb has a schema, and no schema is left of a verb that is gone', () => {
  expect([...schemaNames()].sort()).toEqual(verbs.map(schemaName).sort())
})

test('docs/cli.md names the schema of every verb', () => {
  const page = readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8')
  const named = [...page.matchAll(/\]\(\.\.\/packages\/cli\/json-schemas\/([a-z-]+)\.schema\.json\)/g)]
  expect(named.map(([, name]) => name).sort()).toEqual(verbs.map(schemaName).sort())
})

test('they are published with the package', () => {
  expect(ownPackage.files).toContain('json-schemas')
  expect(ownPackage.exports).toHaveProperty(['./json-schemas/*'])
})

describe('what the tests hold an output to', () => {
  const row = { agent: 'a', topic: 'a.tasks', kind: 'tasks', lag: 0, effectiveLag: 0, finishedAhead: 0 }
  const topic = { ...row, uncommittedPartitions: 0, partitions: [] }

  test('takes what is documented', () => {
    expect(documentErrors('lag', 'json', { schemaVersion: 1, topics: [topic] })).toBe('')
    expect(documentErrors('lag', 'jsonl', { schemaVersion: 1, ...topic })).toBe('')
  })

  test.each([
    ['a field that is missing', { schemaVersion: 1, topics: [row] }],
    ['a field that nobody documented', { schemaVersion: 1, topics: [{ ...topic, colour: 'red' }] }],
    ['one beside the rows', { schemaVersion: 1, topics: [], colour: 'red' }],
    ['another version', { schemaVersion: 2, topics: [] }],
    ['a document without version', { topics: [] }],
  ])('refuses %s', (_what, document) => {
    expect(documentErrors('lag', 'json', document)).not.toBe('')
  })

  test('refuses an undocumented field of a line too', () => {
    expect(documentErrors('lag', 'jsonl', { schemaVersion: 1, ...topic, colour: 'red' })).not.toBe('')
  })
})
