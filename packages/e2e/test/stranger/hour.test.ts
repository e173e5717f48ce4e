// The first hour of somebody who has only README.md and docs/: an agent type of their own, a mistake and its dead letter,
// the mend, the redrive, and yesterday once more. Real processes, the commands of the pages, and what one reads of them.

import { randomUUID } from 'node:crypto'
import { type RunningBroker, testBrokers, uniqueNamespace } from '@towline/test-brokers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readPage } from '../pages/markdown-page.ts'
import { PythonEnvironment, whyNoPython } from '../wire/python-environment.ts'
import { Stranger } from './stranger.ts'
import { writeAgent, writeAgentType, writeSchemas } from './summarize.ts'

const lacking = whyNoPython()
const HISTORY = 3
const RUN = 'towline run'
const READY = /^ready: summarize /m

/** The local day so many days before today, as `--from` takes it, and its noon. */
function day(before: number): { readonly text: string; readonly noonMs: number } {
  const now = new Date()
  const noon = new Date(now.getFullYear(), now.getMonth(), now.getDate() - before, 12)
  const parts = [noon.getMonth() + 1, noon.getDate()].map((part) => String(part).padStart(2, '0'))
  return { text: [noon.getFullYear(), ...parts].join('-'), noonMs: noon.getTime() }
}

/** publish.py of docs/wire.md, with the schema of another agent type. */
function publishPy(): string {
  const block = readPage('docs/wire.md').blocks.find(({ file }) => file === 'publish.py')
  const text = block?.text.replace(/^SCHEMA = .*$/m, 'SCHEMA = json.load(open("schemas/page.avsc"))')
  if (text === undefined || text === block?.text) throw new Error('docs/wire.md has no publish.py with a SCHEMA')
  return text
}

describe.skipIf(lacking !== null)(lacking ?? 'a stranger with the docs', () => {
  let python: PythonEnvironment

  beforeAll(async () => {
    python = await PythonEnvironment.create()
  }, 120_000)
  afterAll(() => python[Symbol.dispose]())

  describe.each(testBrokers())('on $name', ({ start }) => {
    const namespace = uniqueNamespace()
    const [today, yesterday, dayBefore] = [day(0), day(1), day(2)]
    let broker: RunningBroker
    let stranger: Stranger
    let runner: Awaited<ReturnType<Stranger['leaveRunning']>>
    let dead: string

    beforeAll(async () => {
      broker = await start()
      stranger = new Stranger({
        TOWLINE_BROKERS: broker.brokers.join(','),
        TOWLINE_REGISTRY: broker.registry,
        TOWLINE_NAMESPACE: namespace,
        AGENT: `${namespace}.summarize`,
        no_proxy: '127.0.0.1',
      })
    })
    afterAll(async () => {
      await stranger[Symbol.asyncDispose]()
      await broker.stop()
    })

    // Each step needs those before it.
    let isLost = false
    beforeEach(({ skip }) => skip(isLost, 'a step before failed'))
    afterEach(({ task }) => {
      if (task.result?.state === 'fail') isLost = true
    })

    test('makes an agent type, and is told at each step what it lacks', async () => {
      writeSchemas(stranger)
      const unchecked = await stranger.type('towline schemas check')
      expect(unchecked).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('copy page.avsc to history/page.1.avsc'),
      })
      await stranger.type('mkdir schemas/history')
      await stranger.type('cp schemas/page.avsc schemas/history/page.1.avsc')
      await stranger.type('cp schemas/summary.avsc schemas/history/summary.1.avsc')
      expect(await stranger.type('towline schemas check')).toMatchObject({ code: 0 })
      expect(await stranger.type('towline schemas types --out src')).toMatchObject({ code: 0 })
      writeAgentType(stranger)
      writeAgent(stranger, 'broken')

      const doctor = await stranger.type('towline doctor')
      expect(doctor.code).toBe(1)
      expect(doctor.stdout).toMatch(/^problem +topics +summarize: .*Run towline topics apply$/m)
      expect(doctor.stdout).toMatch(/^problem +registry +summarize: .*Run towline schemas push$/m)
      expect(await stranger.type(RUN)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/towline topics apply$/m),
      })
      expect(await stranger.type('towline topics apply')).toMatchObject({ code: 0 })
      expect(await stranger.type(RUN)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/towline schemas push$/m),
      })
      expect(await stranger.type('towline schemas push')).toMatchObject({ code: 0 })
      expect(await stranger.type('towline doctor')).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/^0 problems/),
      })
    })

    test('publishes with the Python of docs/wire.md, as of yesterday, and looks at a task', async () => {
      stranger.write('publish.py', publishPy())
      const ids = Array.from({ length: HISTORY }, () => randomUUID())
      const lines = ids.map((id, n) => ({
        value: { url: `https://example.com/${n}`, body: `yesterday ${n}` },
        headers: { ce_id: id },
        atMs: yesterday.noonMs + n,
      }))
      stranger.write('yesterday.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
      expect(await stranger.type(`env PATH="${python.path}" python publish.py < yesterday.jsonl`)).toMatchObject({
        code: 0,
      })
      expect((await stranger.type('towline lag')).stdout).toMatch(/^summarize +\S+\.tasks +3 +3 +0 +never ran$/m)

      runner = await stranger.leaveRunning(RUN, READY)
      const said = await stranger.type(`towline publish summarize --data '{"url": "a", "body": "hello world"}' --wait`)
      expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining('{"words":2,"first":"hello"}') })
      expect(await stranger.type(`towline tasks get summarize ${ids[0]}`)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--since'),
      })
      const first = await stranger.retype(`towline tasks get summarize ${ids[0]} --since -3d`, ({ stdout }) =>
        expect(stdout).toMatch(/^state +succeeded$/m),
      )
      expect(first.stdout).toMatch(new RegExp(`^queued +${yesterday.text} 12:00:00`, 'm'))
      await stranger.retype('towline lag', ({ stdout }) => expect(stdout).toMatch(/\.tasks +0 +0 +0 +committed$/m))
    })

    test('breaks it, and reads why in the dead letter', async () => {
      const said = await stranger.type(`towline publish summarize --data '{"url": "b", "body": ""}' --wait`)
      expect(said.code).toBe(1)
      expect(said.stderr).toMatch(/TOWLINE_TASK_DEAD: .*attempts-exhausted.*Cannot read properties of null/)
      const [look = '', id = ''] = /towline tasks get summarize (\S+)/.exec(said.stderr) ?? []
      dead = id
      expect((await stranger.type(look)).stdout).toMatch(/^state +dead-lettered \(attempts-exhausted\)$/m)
      const groups = await stranger.type('towline dlq list summarize --groups')
      expect(groups).toMatchObject({ code: 0, stderr: expect.stringMatching(/^1 open, /) })
      expect(groups.stdout).toMatch(/^ +1 +[0-9a-f]{12} +TypeError +Cannot read properties of null/m)
      const shown = await stranger.type(`towline dlq show summarize ${dead}`)
      expect(shown.stdout).toMatch(/first failure +attempt 1 .*TypeError/)
      expect(shown.stdout).toMatch(/src\/summarize\.ts:\d+/)
      expect(shown.stdout).toContain('"url": "b"')
    })

    test('mends it and sends the dead letter back, once', async () => {
      const stopped = await runner.stop()
      expect(stopped).toMatchObject({ code: 0, stderr: expect.stringContaining('draining') })
      expect(stopped.stderr).toMatch(
        /"reason":"attempts-exhausted","code":"TypeError","msg":"the task was dead-lettered"/,
      )
      writeAgent(stranger, 'mended')
      runner = await stranger.leaveRunning(RUN, READY)
      const redrive = 'towline dlq redrive summarize --error TypeError'
      expect(await stranger.type(redrive)).toMatchObject({
        code: 6,
        stderr: expect.stringMatching(/redrive 1 dead letter [\s\S]*Add --yes/),
      })
      const because = `--yes --because 'a page may be empty'`
      expect(await stranger.type(`${redrive} ${because}`)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('1 dead letter redriven'),
      })
      const task = await stranger.retype(`towline tasks get summarize ${dead}`, ({ stdout }) =>
        expect(stdout).toMatch(/^state +succeeded$/m),
      )
      expect(task.stdout).toMatch(/^life +2$/m)
      expect(await stranger.type(`${redrive} ${because}`)).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('No open dead letter'),
      })
      const letters = await stranger.type(`towline dlq show summarize ${dead}`)
      expect(letters.stdout).toMatch(/^resolved +life 1 redriven by .*: a page may be empty$/m)
    })

    test('replays yesterday, and reads how it ended', async () => {
      const replay = `towline replay summarize --from ${yesterday.text} --to ${today.text}`
      const nothing = await stranger.type(
        `towline replay summarize --from ${dayBefore.text} --to ${yesterday.text} --dry-run`,
      )
      expect(nothing.code).toBe(2)
      expect(nothing.stderr).toMatch(/the range holds no record of \S+ from \S+Z before \S+Z/)
      expect(await stranger.type(`${replay} --dry-run`)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^replay 3 records .*written \d{4}-\d\d-\d\d 12:00:00/),
      })
      const ran = await stranger.type(`${replay} --yes --because 'a page may be empty'`)
      expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('finished, 3 records sent') })
      const [report = ''] = /towline replay report summarize \S+/.exec(ran.stderr) ?? []
      const told = await stranger.retype(report, ({ stdout }) => expect(stdout).toMatch(/^ended +3$/m))
      expect(told.stdout).toMatch(/^ +succeeded +3$/m)
      expect(await stranger.type(`towline replay summarize --from ${today.text} --dry-run`)).toMatchObject({
        stdout: expect.stringMatching(/^replay 3 records /), // two tasks, and the second life of one
      })
      expect((await stranger.type('towline replay status summarize')).stdout).toMatch(/ finished +3 +100% /)
    })

    test('finds all of it done and in order', async () => {
      await stranger.retype('towline lag', ({ stdout }) => {
        expect(stdout).toMatch(/\.replay +0 +0 +0 +committed$/m)
        expect(stdout).not.toMatch(/ [1-9]\d* +\d/)
      })
      const offsets = await stranger.type('towline offsets show summarize')
      expect(offsets.stdout.match(/\.tasks +\d+ +\d+ /g)).toHaveLength(12)
      expect(await stranger.type('towline doctor')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^ok +partitions +summarize: 12 partitions, 1 runner,/m),
      })
      expect(await runner.stop()).toMatchObject({ code: 0 })
    })
  })
})
