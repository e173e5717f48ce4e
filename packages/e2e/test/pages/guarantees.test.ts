// docs/guarantees.md: what proves a promise is there, and is what the promise is called after.

import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPage } from './markdown-page.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const PROMISES = 20

const { text } = readPage('docs/guarantees.md')
const rows = [...text.matchAll(/^\| (P\d+) \| (.*) \|$/gm)].map(([, id = '', cells = '']) => {
  const [promise = '', limit = '', proof = ''] = cells.split('|').map((cell) => cell.trim())
  return { id, promise, limit, proof }
})
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}

/** What a cell names that is not there: `packages/e2e -- virtual/outages` is a test file, `npm run soak` a script. */
function missingIn(proof: string): readonly string[] {
  return [...proof.matchAll(/`([^`]+)`/g)].flatMap(([, named = '']) => (isThere(named) ? [] : [named]))
}

function isThere(named: string): boolean {
  const [, at, suite] = /^(packages\/[a-z0-9-]+)(?: -- ([\w./-]+))?$/.exec(named) ?? []
  if (at !== undefined) {
    if (suite === undefined) return existsSync(join(ROOT, at, 'package.json'))
    return globSync(`${at}/test/**/*.test.ts`, { cwd: ROOT }).some((file) => file.includes(suite)) // as vitest chooses
  }
  const script = /^npm run ([\w:]+)$/.exec(named)?.[1]
  if (script !== undefined) return scripts[script] !== undefined
  return named === 'towline demo'
}

test.each(rows)('$id has a limit, and what proves it is there', ({ limit, proof }) => {
  expect(limit).not.toBe('')
  expect(proof).toContain('`')
  expect(missingIn(proof)).toEqual([])
})

test('every promise of the design has its row, or says under "Not promised yet" what is lacking', () => {
  const [, open = ''] = text.split('## Not promised yet')
  const named = [...rows.map(({ id }) => id), ...[...open.matchAll(/\((P\d+)\)/g)].map(([, id]) => id)]
  expect(new Set(named)).toEqual(new Set(Array.from({ length: PROMISES }, (_, n) => `P${n + 1}`)))
})

test('a suite that is not there is found, in a folder too', () => {
  const proof =
    '`packages/e2e -- virtual/never`, `packages/e2e -- chaos`, `packages/none`, `npm run fly`, `npm run soak`'
  expect(missingIn(proof)).toEqual(['packages/e2e -- virtual/never', 'packages/none', 'npm run fly'])
})
