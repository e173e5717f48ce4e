import { join } from 'node:path'
import { DEAD_REASONS, ENDS } from '@towline/contracts'
import { expect, test } from 'vitest'
import { readSchemaFiles, runSchemasCheck } from '../src/schemas/run-schemas.ts'
import { readSchemaModel, type SchemaField } from '../src/schemas/schema-model.ts'

const FOLDER = join(import.meta.dirname, '../../../schemas')
const { current } = await readSchemaFiles(FOLDER)

function fieldsOf(text: string): readonly SchemaField[] {
  return [...readSchemaModel(text).named.values()].flatMap((named) => (named.kind === 'record' ? named.fields : []))
}

test("Towline's own schemas keep to the rules", async () => {
  expect(await runSchemasCheck(FOLDER)).toEqual([])
})

test.each(current)('every field of $file says what it means', ({ text }) => {
  expect(fieldsOf(text).filter(({ doc }) => doc === undefined || !doc.endsWith('.'))).toEqual([])
})

test.each([
  ['end', ENDS],
  ['reason', DEAD_REASONS],
])('the doc of %s in task-result lists its words', (field, words) => {
  const result = current.find(({ name }) => name === 'task-result')
  const doc = fieldsOf(result?.text ?? '').find(({ name }) => name === field)?.doc ?? ''
  expect(words.filter((word) => !doc.includes(word))).toEqual([])
})
