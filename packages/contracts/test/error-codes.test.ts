import { readFileSync } from 'node:fs'
import { ERROR_CODES } from '@towline/contracts'
import { describe, expect, test } from 'vitest'

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split('\n')[0] ?? '', section] as const),
)

describe('docs/errors.md', () => {
  test('has a section for every error code, and for nothing else', () => {
    expect([...sections.keys()].toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted())
    expect(page.match(/^## /gm)).toHaveLength(sections.size)
  })

  test.each(Object.entries(ERROR_CODES))('%s says what it means, when it comes and what to do', (code, meaning) => {
    const section = sections.get(code) ?? ''
    expect(section).toContain(`\n${meaning}\n`)
    expect(section).toMatch(/\n\*\*When\*\* \S/)
    expect(section).toMatch(/\n\*\*What to do\*\* \S/)
  })

  test('is in the order of the alphabet, as the codes are', () => {
    expect([...sections.keys()]).toEqual([...sections.keys()].toSorted())
    expect(Object.keys(ERROR_CODES)).toEqual(Object.keys(ERROR_CODES).toSorted())
  })
})

test('every code follows TOWLINE_<AREA>_<WHAT> and is one sentence', () => {
  for (const [code, meaning] of Object.entries(ERROR_CODES)) {
    expect(code).toMatch(/^TOWLINE(_[A-Z]+)+$/)
    expect(meaning).toMatch(/^[A-Z].*\.$/)
  }
})
