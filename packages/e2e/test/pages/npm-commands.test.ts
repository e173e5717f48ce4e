import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { docsPages, readPage } from './markdown-page.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const NPM = /\bnpm (?:run (?:-s )?(?<script>[\w:-]+)|(?<itself>\w+))(?: -w (?<workspace>[\w./@-]+))?/g
/** Commands of npm itself. */
const ITSELF = ['ci', 'test', 'install', 'exec']

/** The npm commands of a page, in its shell blocks and in its prose, that would fail as they stand. */
function brokenCommands(path: string): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  const { text, blocks } = readPage(path)
  const shell = blocks.filter(({ language }) => language === 'sh').map((block) => block.text)
  const prose = [...text.matchAll(/`(npm [^`]+)`/g)].map(([, command = '']) => command)
  return [...shell, ...prose].flatMap((commands) =>
    [...commands.matchAll(NPM)]
      .filter(({ groups: { script, itself, workspace } = {} }) => {
        if (workspace !== undefined && !existsSync(join(ROOT, workspace, 'package.json'))) return true
        return script === undefined ? !ITSELF.includes(itself ?? '') : scripts[script] === undefined
      })
      .map(([command]) => command),
  )
}

test.each(['README.md', 'CONTRIBUTING.md', 'BENCHMARKS.md', ...docsPages().map(({ path }) => path)])(
  '%s names no npm command that there is not',
  (path) => {
    expect(brokenCommands(path)).toEqual([])
  },
)

test('a command that is not there is found, in a block and in a sentence', () => {
  const names = [...'run `npm run -s bench:drain`, npm fly, npm test -w packages/none'.matchAll(NPM)]
  expect(names.map(({ groups }) => ({ ...groups }))).toEqual([
    { script: 'bench:drain', itself: undefined, workspace: undefined },
    { script: undefined, itself: 'fly', workspace: undefined },
    { script: undefined, itself: 'test', workspace: 'packages/none' },
  ])
})
