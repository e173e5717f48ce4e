import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createCli } from '../src/cli.ts'
import { EXIT } from '../src/exit-codes.ts'
import { createProgram } from '../src/program.ts'
import { fakeIo } from './fake-io.ts'
import { allVerbs } from './verbs/verbs-of.ts'

const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8')
const program = createProgram(createCli(fakeIo()))

const all = allVerbs()
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
)

describe('docs/cli.md', () => {
  test('has a section per verb, and no verb that does not exist', () => {
    const titles = [...sections.keys()].filter((title) => title.startsWith('towline '))
    expect(titles.map((title) => title.slice('towline '.length)).sort()).toEqual(all.map(({ name }) => name).sort())
  })

  test.each(all)('shows an example of $name', ({ name }) => {
    const bare = name === 'replay start' ? 'replay' : name
    const examples =
      sections
        .get(`towline ${name}`)
        ?.split('\n')
        .filter((line) => line.startsWith('    ')) ?? []
    expect(examples.some((line) => line.includes(`towline ${bare}`))).toBe(true)
  })

  test('names only flags that exist', () => {
    const options = [program, ...all.map(({ command }) => command)].flatMap((command) => command.options)
    const known = new Set<string | undefined>(['--help', ...options.flatMap(({ long, short }) => [long, short])])
    const named = [...page.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag)
    expect(named.filter((flag) => !known.has(flag))).toEqual([])
  })

  test('explains every exit code, and no other', () => {
    const codes = [...(sections.get('Exit codes')?.matchAll(/^\| (\d+) \|/gm) ?? [])].map(([, code]) => Number(code))
    expect(codes).toEqual(Object.values(EXIT).sort((a, b) => a - b))
  })

  test('shows JSON that is JSON', () => {
    for (const [, json] of page.matchAll(/```json\n(.*?)```/gs)) expect(() => JSON.parse(json ?? '')).not.toThrow()
  })
})
