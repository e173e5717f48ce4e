// Every fenced block of docs/ is run, type-checked or parsed: `sh` in the order of its page, in a project that the agent
// developer's guide makes, on a dev broker of the page's own; `ts` by the compiler, and run by a command of the page or
// in excerpts.test.ts; `json` and `yaml` by a parser. What cannot run is `text` and says why. docs/wire.md runs in wire/.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { docsPages, type Page, readPage } from './markdown-page.ts'
import { PreparedProject, typeErrors } from './prepared-project.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const AGENT_GUIDE = 'docs/guides/agent-developer.md'
const PROJECT_HEADING = 'Make a project'
const RUN_ELSEWHERE = ['docs/wire.md']
const LANGUAGES = ['ts', 'sh', 'json', 'yaml', 'text', 'python']

const pages = docsPages()
const followed = pages.filter(({ path, blocks }) => {
  return !RUN_ELSEWHERE.includes(path) && blocks.some(({ language }) => language === 'sh')
})

let project: PreparedProject

beforeAll(async () => {
  project = PreparedProject.create()
  const { blocks } = readPage(AGENT_GUIDE)
  const made = await project.follow(blocks.filter(({ heading }) => heading === PROJECT_HEADING))
  expect(made).toContain('src/text.ts')
}, 110_000)
afterAll(() => project[Symbol.dispose]())

/** The anchors GitHub gives the headings of a page. */
function anchorsOf(page: Page): ReadonlySet<string> {
  const prose = page.text.replaceAll(/^```[\s\S]*?^```$/gm, '')
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title)
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

describe.each(pages)('$path', ({ path, text, blocks }) => {
  test('has no block that nothing looks at', () => {
    const unknown = blocks.filter(({ language }) => !LANGUAGES.includes(language))
    expect(unknown.map(({ language, line }) => `line ${line}: ${language || 'no language'}`)).toEqual([])
    if (blocks.some(({ language }) => language === 'python')) expect(RUN_ELSEWHERE).toContain(path)
  })

  test('shows JSON and YAML that parse', () => {
    for (const block of blocks.filter(({ language }) => language === 'json')) JSON.parse(block.text)
    for (const block of blocks.filter(({ language }) => language === 'yaml')) {
      expect(parseAllDocuments(block.text).flatMap(({ errors }) => errors)).toEqual([])
    }
  })

  test('has links that lead somewhere', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
    const broken = links.filter(([, target = '', anchor]) => {
      const file = target === '' ? path : join(dirname(path), target)
      if (!existsSync(join(ROOT, file))) return true
      return anchor !== undefined && !anchorsOf(readPage(file)).has(anchor)
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })
})

test('every page but the index is reached from it', () => {
  const index = 'docs/README.md'
  const linked = [...readPage(index).text.matchAll(/\]\(([^)#\s]+\.md)/g)].map(([, target = '']) =>
    join(dirname(index), target),
  )
  const missing = pages.map(({ path }) => path).filter((path) => path !== index && !path.includes('decisions/0'))
  expect(missing.filter((path) => !linked.includes(path))).toEqual([])
})

test('the TypeScript of every page passes the compiler', async () => {
  expect(await typeErrors(project, pages)).toEqual([])
}, 120_000)

describe('on the dev broker', () => {
  test.each(followed)(
    'the commands of $path do what the page says',
    async ({ path, blocks }) => {
      const [devBroker] = testBrokers({})
      if (devBroker === undefined) throw new Error('there is no dev broker')
      await using broker = await devBroker.start()
      using copy = project.copy()
      const isProject = ({ heading }: { readonly heading: string }): boolean => heading === PROJECT_HEADING
      const rest = path === AGENT_GUIDE ? blocks.filter((block) => !isProject(block)) : blocks
      await copy.follow(
        rest.filter(({ language, file }) => language === 'sh' || (language === 'ts' && file !== null)),
        { TOWLINE_BROKERS: broker.brokers.join(','), TOWLINE_REGISTRY: broker.registry },
      )
    },
    120_000,
  )
})
