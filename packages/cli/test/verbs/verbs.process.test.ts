import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { OUTPUT_FORMATS, type OutputFormat } from '../../src/output/output.ts'
import type { Finished } from '../cli-process.ts'
import { ALL_CASES } from './all-cases.ts'
import { commonFails } from './common-cases.ts'
import { documentErrors } from './output-schemas.ts'
import { Project, TIME_ZONE } from './project.ts'
import type { Call, FailingCase, VerbCases, WorkingCase } from './verb-case.ts'
import { allVerbs } from './verbs-of.ts'
import { errorsWithoutWayOut } from './way-out.ts'

const NOTHING = /^$/
const STACK = /^ +at .+:\d+:\d+\)?$/m
/** What would be a value that nobody turned into words. */
const UNFORMATTED = /(?<!": )\b(undefined|null|NaN)\b|\[object |\t| $/m
/** Refusals for which no broker is asked, or none answers: they are the same on each. */
const WITHOUT_BROKER =
  /_(BROKER|CONFIG|OPTION|INPUT|NAME|DURATION|HEADER|FILTER|AGENT|REGISTRY|SCHEMA_(INVALID|MISMATCH))_/
const AS_PROCESS = { isProcess: true }
/** `towline demo` starts six processes. */
const LIMIT = { timeout: 60_000 }

test('every verb of the program is called in every way that is written for it', () => {
  const verbs = allVerbs().map(({ name }) => name)
  expect(ALL_CASES.map(({ verb }) => verb).sort()).toEqual(verbs.toSorted())
  expect(ALL_CASES.filter(({ works }) => works.length === 0)).toEqual([])
})

describe.each(testBrokers())('as a user on $name', ({ name, start }) => {
  const isDevBroker = name === 'dev broker'
  let broker: RunningBroker
  let project: Project
  let calls = 0

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

  async function run(
    call: Call,
    flags: string,
    as: { until?: string | undefined; isProcess: boolean },
  ): Promise<Finished> {
    const { args, ...options } = typeof call === 'string' ? { args: call } : call
    const { until, isProcess } = as
    if (!isProcess && until === undefined) return await project.call(`${args}${flags}`, options)
    const running = project.start(`${args}${flags}`, options)
    if (until !== undefined) {
      await running.said(until)
      running.signal('SIGTERM')
    }
    return await running.finished
  }

  async function runFailing(failing: FailingCase, flags = ''): Promise<Finished> {
    const call = await failing.call(project)
    const { args, env, ...options } = typeof call === 'string' ? { args: call, env: {} } : call
    calls += 1
    const clientId = `call-${calls}`
    const faults = failing.fault === undefined ? undefined : project.broker.faults
    using _fault = faults?.add({ ...(failing.fault as NonNullable<FailingCase['fault']>), clientId })
    const running = project.start(`${args}${flags}`, { ...options, env: { ...env, TOWLINE_CLIENT_ID: clientId } })
    await failing.meanwhile?.(running, project)
    return await running.finished
  }

  /** As a process: a verb's first case in every format, and once each that does not end with 0. */
  async function expectWorks({ verb, works }: VerbCases, working: WorkingCase, format: OutputFormat): Promise<void> {
    const isProcess = working === works[0] || (format === 'table' && working.code !== undefined)
    const as = { isProcess, until: working.until }
    const { code, stdout, stderr } = await run(await working.call(project, format), ` -o ${format}`, as)
    expect(stderr).toMatch(working.says ?? NOTHING)
    for (const error of working.errors ?? []) expect(stderr).toContain(`${error}: `)
    expect(errorsWithoutWayOut(stderr)).toEqual([])
    expect(stderr).not.toMatch(STACK)
    if (format === 'table') {
      expect(stdout).toMatch(working.table)
      expect(stdout).not.toMatch(UNFORMATTED)
    } else if (format === 'json') {
      expect(documentErrors(verb, 'json', JSON.parse(stdout))).toBe('')
    } else {
      const lines = stdout === '' ? [] : stdout.trimEnd().split('\n')
      for (const line of lines) expect(documentErrors(verb, 'jsonl', JSON.parse(line))).toBe('')
    }
    expect(code).toBe(working.code ?? 0)
  }

  async function expectFails(failing: FailingCase): Promise<void> {
    const { code, stdout, stderr } = await runFailing(failing)
    expect(stderr).toMatch(failing.says)
    if (failing.error !== null) expect(stderr).toContain(`${failing.error}: `)
    expect(errorsWithoutWayOut(stderr)).toEqual([])
    expect(stderr).not.toMatch(STACK)
    expect(stdout).toMatch(failing.prints ?? NOTHING)
    expect(code).toBe(failing.code)
  }

  function isSameEverywhere({ error, fault }: FailingCase): boolean {
    return fault !== undefined || error === null || WITHOUT_BROKER.test(`${error}_`)
  }

  /** What `run`, `dev-broker` and `demo` do belongs to a process. */
  function startsProcesses({ verb, bringsItsBroker }: VerbCases): boolean {
    return verb === 'run' || bringsItsBroker === true
  }

  const here = ALL_CASES.filter(({ bringsItsBroker }) => isDevBroker || bringsItsBroker !== true)
  describe.concurrent.each(here)('towline $verb', (cases) => {
    for (const working of cases.works) {
      const all = working.formats ?? OUTPUT_FORMATS
      for (const format of isDevBroker ? all : ([all.includes('json') ? 'json' : 'jsonl'] as const)) {
        test(`${working.what}, as ${format}`, LIMIT, () => expectWorks(cases, working, format))
      }
    }

    const fails = [...commonFails(cases), ...cases.fails]
    for (const failing of fails.filter((each) => isDevBroker || !isSameEverywhere(each))) {
      test(`refuses ${failing.what}`, LIMIT, () => expectFails(failing))
    }

    if (!isDevBroker) return
    const explained = cases.fails.find(({ error }) => error !== null) ?? fails[0]
    test('shows the stack of an error with --debug', async () => {
      const call = await (explained as FailingCase).call(project)
      const { code, stderr } = await run(call, ' --debug', { isProcess: startsProcesses(cases) })
      expect(stderr).toMatch(STACK)
      expect(code).toBe(explained?.code)
    })

    test('refuses a flag it does not know', async () => {
      const [working] = cases.works
      const { code, stdout, stderr } = await run(
        await (working as WorkingCase).call(project, 'table'),
        ' --nosuch',
        AS_PROCESS,
      )
      expect(stderr).toMatch(/^error: unknown option '--nosuch'\n\(--help shows how it is used\)\n$/)
      expect(stdout).toBe('')
      expect(code).toBe(2)
    })
  })

  test.runIf(isDevBroker)('no other flag and no variable shows the stack of an error', async () => {
    const flags = ' --log-level trace --output json --no-progress'
    const { stderr } = await run(
      { args: 'lag nosuch', env: { DEBUG: '*', NODE_ENV: 'development' } },
      flags,
      AS_PROCESS,
    )
    expect(stderr).toMatch(/^error: TOWLINE_AGENT_UNKNOWN: /m)
    expect(stderr).not.toMatch(STACK)
  })
})
