import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** docs/decisions/0010: why, and what to do when it is reached. */
const MOST_LINES = 4_700

test('the broker stays small', () => {
  const sources = globSync('src/**/*.ts', { cwd: new URL('..', import.meta.url).pathname })
  const lines = sources.flatMap((path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8').split('\n'))
  const code = lines.filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line))
  expect(sources.length).toBeGreaterThan(50)
  expect(code.length).toBeLessThanOrEqual(MOST_LINES)
})
