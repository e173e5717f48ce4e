// Every JSON sample in the section of a verb in docs/cli.md is as the verb's schema says. The log line of `towline run`,
// which goes to stderr, has none.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { documentErrors } from './output-schemas.ts'

const page = readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8')

const samples = page
  .split(/^## /m)
  .flatMap((section) => {
    const verb = /^towline (.+)$/m.exec(section.slice(0, section.indexOf('\n')))?.[1]
    if (verb === undefined) return []
    return [...section.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text = '']) => ({ verb, text }))
  })
  .filter(({ text }) => !text.startsWith('{ "level"'))

test.each(samples)('$verb: $text', ({ verb, text }) => {
  const document = JSON.parse(text) as Readonly<Record<string, unknown>>
  const formats = (['json', 'jsonl'] as const).map((format) => documentErrors(verb, format, document))
  expect(formats.find((errors) => errors === '') ?? formats.join('\n')).toBe('')
})

test('there are samples', () => {
  expect(samples.length).toBeGreaterThan(10)
})
