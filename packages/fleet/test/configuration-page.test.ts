import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CONFIG_OPTIONS, OPTION_NAMES } from '../src/config/config-options.ts'

const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')

test('docs/configuration.md lists every option with its variable, flag and bound, in order', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'))
  const wanted = OPTION_NAMES.map((name) => {
    const { variable, flag, bound } = CONFIG_OPTIONS[name]
    return `| \`${name}\` | \`${variable}\` | ${flag === undefined ? '' : `\`${flag}\` `}| ${bound} |`
  })
  expect(rows.map((row, index) => row.slice(0, wanted[index]?.length))).toEqual(wanted)
})
