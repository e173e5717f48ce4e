import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { OUTPUT_FORMATS, type OutputFormat } from '../../src/output/output.ts'
import type { Finished } from '../cli-process.ts'
import { ALL_CASES } from './all-cases.ts'
import { documentErrors } from './output-schemas.ts'
import { Project, TIME_ZONE } from './project.ts'
import type { Call, FailingCase, VerbCases, WorkingCase } from './verb-case.ts'
import { allVerbs } from './verbs-of.ts'

const NOTHING = /^$/
const STACK = /^ +at .+:\d+:\d+\)?$/m
/** What would be a value that nobody turned into words. */
const UNFORMATTED = /(?<!": )\b(undefined|null|NaN)\b|\[object |\t| $/m
/** A second sentence, or what commander adds: every error says what to do next. */
const NEXT_STEP = /\. \S|\(--help shows how it is used\)/

test('every verb of the program is called in every way that is written for it', () => {
  const verbs = allVerbs().map(({ name }) => name)
  expect(ALL_CASES.map(({ verb }) => verb).sort()).toEqual(verbs.filter((verb) => verb !== 'demo').sort())
  expect(ALL_CASES.filter(({ works }) => works.length === 0)).toEqual([])
})

describe.each(testBrokers())('as a user on $name', ({ name, start }) => {
  const isDevBroker = name === 'dev broker'
  let broker: RunningBroker
  let project: Project

  beforeAll(async () => {
    vi.stubEnv('TZ', TIME_ZONE)
    broker = await start()
    project = await Project.on(broker)
  })

  afterAll(async () => {
    await project.stop()
    await broker.stop()
    vi.unstubAllEnvs()
  })

  /** As a process: every refusal, and once the table and the JSON of every verb. */
  async function run(
    call: Call,
    more: string,
    as: { isProcess: boolean; until?: string | undefined },
  ): Promise<Finished> {
    const { args, ...options } = typeof call === 'string' ? { args: call } : call
    const { isProcess, until } = as
    if (!isProcess && until === undefined) return await project.call(`${args}${more}`, options)
    const running = project.start(`${args}${more}`, options)
    if (until !== undefined) {
      await running.said(until)
      running.signal('SIGTERM')
    }
    return await running.finished
  }

  async function expectWorks(cases: VerbCases, working: WorkingCase, format: OutputFormat): Promise<void> {
    const isProcess = format !== 'jsonl' && working === cases.works[0]
    const as = { isProcess, until: working.until }
    const { code, stdout, stderr } = await run(await working.call(project, format), ` -o ${format}`, as)
    expect(stderr).toMatch(working.says ?? NOTHING)
    expect(stderr).not.toMatch(STACK)
    if (format === 'table') {
      expect(stdout).toMatch(working.table)
      expect(stdout).not.toMatch(UNFORMATTED)
    } else if (format === 'json') {
      expect(documentErrors(cases.verb, 'json', JSON.parse(stdout))).toBe('')
    } else {
      const lines = stdout === '' ? [] : stdout.trimEnd().split('\n')
      for (const line of lines) expect(documentErrors(cases.verb, 'jsonl', JSON.parse(line))).toBe('')
    }
    expect(code).toBe(working.code ?? 0)
  }

  async function expectFails(failing: FailingCase): Promise<void> {
    const { code, stdout, stderr } = await run(await failing.call(project), '', { isProcess: true })
    expect(stderr).toMatch(failing.says)
    expect(stderr).toMatch(NEXT_STEP)
    expect(stderr).not.toMatch(STACK)
    expect(stdout).toMatch(failing.prints ?? NOTHING)
    expect(code).toBe(failing.code)
  }

  describe.concurrent.each(ALL_CASES)('towline $verb', (cases) => {
    for (const working of cases.works) {
      const all = working.formats ?? OUTPUT_FORMATS
      for (const format of isDevBroker ? all : ([all.includes('json') ? 'json' : 'jsonl'] as const)) {
        test(`${working.what}, as ${format}`, () => expectWorks(cases, working, format))
      }
    }

    for (const failing of isDevBroker ? cases.fails : []) {
      test(`refuses ${failing.what}`, () => expectFails(failing))
    }

    const [working] = isDevBroker ? cases.works : []
    if (working === undefined) return
    const without: readonly [need: VerbCases['needs'][number], flag: string, code: 1 | 2, says: RegExp][] = [
      ['broker', '--brokers 127.0.0.1:1', 1, /^error: TOWLINE_BROKER_UNAVAILABLE: no Kafka broker answered at /m],
      ['registry', '--registry http://127.0.0.1:1', 1, /^(error|line 1): TOWLINE_REGISTRY_UNAVAILABLE: /m],
      ['config', '--config none.ts', 2, /^error: TOWLINE_CONFIG_UNREADABLE: cannot read .*none\.ts: no such file\. /],
    ]
    for (const [need, flag, code, says] of without.filter(([each]) => cases.needs.includes(each))) {
      test(`says what is missing without its ${need}`, async () => {
        const finished = await run(await working.call(project, 'table'), ` ${flag}`, { isProcess: true })
        expect(finished.stderr).toMatch(says)
        expect(finished.stderr).toMatch(NEXT_STEP)
        expect(finished.stderr).not.toMatch(STACK)
        expect(finished.code).toBe(code)
      })
    }

    test('refuses a flag it does not know', async () => {
      const { code, stdout, stderr } = await run(await working.call(project, 'table'), ' --nosuch', { isProcess: true })
      expect(stderr).toMatch(/^error: unknown option '--nosuch'\n\(--help shows how it is used\)\n$/)
      expect(stdout).toBe('')
      expect(code).toBe(2)
    })
  })
})
