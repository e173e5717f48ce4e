// TypeScript in docs/ that is no file of its page: it is a module, and what it exports is called here. What is a file is
// run by the commands of its page (docs.test.ts).

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Agent, decodeAny, type TaskEvent, topicNames } from '@towline/contracts'
import type { Fleet } from '@towline/fleet'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WAIT } from '../runner-process.ts'
import { silent } from '../silent.ts'
import { startRunner } from '../start-runner.ts'
import { TestFleet } from '../test-fleet.ts'
import { docsPages, type Page, readPage, writeFiles } from './markdown-page.ts'
import { PreparedProject } from './prepared-project.ts'

interface Text {
  readonly text: string
}

type Towline = Awaited<ReturnType<Fleet['connect']>>

const ERRORS = 'docs/errors.md'
const AGENT_GUIDE = 'docs/guides/agent-developer.md'
const CALLED_HERE = [`${ERRORS}: publish`, `${AGENT_GUIDE}: fetchPage`, `${AGENT_GUIDE}: careful`]

let project: PreparedProject

beforeAll(async () => {
  project = PreparedProject.create()
  await project.follow(readPage(AGENT_GUIDE).blocks.filter(({ heading }) => heading === 'Make a project'))
}, 110_000)
afterAll(() => project[Symbol.dispose]())

/** The blocks of a page that are no files, by what they export. */
function excerptsOf({ blocks }: Page): ReadonlyMap<string, string> {
  return new Map(
    blocks
      .filter(({ language, file }) => language === 'ts' && file === null)
      .map(({ text, line }) => [
        /^export (?:async )?(?:function|const) (\w+)/m.exec(text)?.[1] ?? `line ${line}`,
        text,
      ]),
  )
}

/** What a block of a page exports, loaded in a project as the page's reader has it. */
async function exported<T>(path: string, name: string): Promise<T> {
  const text = excerptsOf(readPage(path)).get(name)
  if (text === undefined) throw new Error(`${path} has no TypeScript that exports ${name}`)
  const file = `excerpt-of-${name}.ts`
  await writeFiles([{ text, file }], project.folder)
  const module = (await import(pathToFileURL(join(project.folder, file)).href)) as Readonly<Record<string, T>>
  return module[name] as T
}

test('every piece of TypeScript in docs/ is a file that a command runs, or is called here', () => {
  const excerpts = docsPages().flatMap((page) => [...excerptsOf(page).keys()].map((name) => `${page.path}: ${name}`))
  expect(excerpts.toSorted()).toEqual(CALLED_HERE.toSorted())
  for (const { path, blocks } of docsPages()) {
    const commands = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text)
    for (const { language, file } of blocks) {
      if (language !== 'ts' || file === null) continue
      const runs =
        file === 'towline.config.ts' || file.startsWith('src/') ? /\btowline (?:run|topics) ?/ : `node ${file}`
      expect(commands.join('\n'), `${path}: nothing runs ${file}`).toMatch(runs)
    }
  }
})

describe(`${AGENT_GUIDE}, what a handler throws`, () => {
  test.each([
    ['a page is its text', '/page', { resolves: 'words' }],
    ['one that is not there can never succeed', '/404', { name: 'TerminalError' }],
    ['one that is asked for too often is asked for later', '/429', { name: 'RateLimitedError', delayMs: 7_000 }],
    ['any other answer is an error as any', '/500', { name: 'Error', message: expect.stringMatching(/answered 500$/) }],
  ])('%s', async (_what, path, expected) => {
    const fetchPage = await exported<(url: string, signal: AbortSignal) => Promise<string>>(AGENT_GUIDE, 'fetchPage')
    const server = createServer(({ url = '' }, response) => {
      response.writeHead(Number(url.slice(1)) || 200, { 'retry-after': '7' }).end('words')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      const page = fetchPage(`http://127.0.0.1:${port}${path}`, AbortSignal.timeout(5_000))
      if ('resolves' in expected) expect(await page).toBe(expected.resolves)
      else await expect(page).rejects.toMatchObject(expected)
    } finally {
      server.close()
    }
  })
})

describe.each(testBrokers())('on $name', ({ start }) => {
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test('the handler that uses all it is given logs, reports, publishes a child, and succeeds', async () => {
    const careful = await exported<Agent<Text, Text>>(AGENT_GUIDE, 'careful')
    const logged: unknown[] = []
    const log = { ...silent, info: (...line: unknown[]) => logged.push(line) }
    await using fleet = await TestFleet.start(broker, [careful], { log: { ...log, child: () => log } })
    await using _runner = await startRunner(fleet)
    const towline = await fleet.fleet.connect()
    const task = await towline.publish(careful.agentType, { text: 'hello, everybody' }, { key: 'session-1' })
    expect(await task.result({ timeout: '30s' })).toEqual({ text: 'HELLO, EVERYBODY' })
    await vi.waitFor(async () => {
      const ends = (await fleet.ends(careful.agentType)).map(({ result }) => result)
      expect(ends.find(({ parent }) => parent === task.taskId)).toMatchObject({ end: 'succeeded' })
    }, WAIT)
    const events = await fleet.records(topicNames('shout', fleet.namespace).events)
    const told = await Promise.all(events.map(({ value }) => decodeAny(value, fleet.fleet.schemas)))
    const reports = told.map((event) => (event.kind === 'decoded' ? (event.value as TaskEvent) : null))
    expect(reports).toContainEqual(expect.objectContaining({ taskId: task.taskId, kind: 'progress' }))
    const fields = { taskId: task.taskId, life: 1, attempt: 1, key: 'session-1', mayHaveRun: false, isReplay: false }
    expect(logged).toContainEqual([expect.objectContaining(fields), 'shouting'])
  })

  test('the publisher that tells a full producer from an error is told of both', async () => {
    const careful = await exported<Agent<Text, Text>>(AGENT_GUIDE, 'careful')
    const publish = await exported<(towline: Towline, text: string) => Promise<string>>(ERRORS, 'publish')
    await using fleet = await TestFleet.start(broker, [careful])
    const towline = await fleet.fleet.connect()
    expect(await publish(towline, 'hello')).toBe('accepted')
    const text = 'x'.repeat(900_000)
    const answers = await Promise.all(Array.from({ length: 50 }, () => publish(towline, text)))
    expect(new Set(answers)).toEqual(new Set(['accepted', 'busy']))
    await towline.close()
    await expect(publish(towline, 'hello')).rejects.toMatchObject({ code: 'TOWLINE_PRODUCER_CLOSED' })
  })
})
