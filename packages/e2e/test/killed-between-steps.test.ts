import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { defineAgent, TerminalError } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, exactLedger, neverEarlyRetry, noDuplicates, noLoss } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import type { DeathPoint } from './dying-driver.ts'
import { allEnded, countingEnds } from './history.ts'
import { COMPILE_CACHE, RunnerProcess, WAIT } from './runner-process.ts'
import { startRunner } from './start-runner.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { type Deed, work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

type Step = Omit<DeathPoint, 'when'>

/** A retry through a tier, step by step; each is asked of Kafka, then confirmed. */
const RETRY_MOVE: readonly Step[] = [
  { step: 'produce', kind: 'retry.1s' },
  { step: 'commit', kind: 'tasks', afterProduceTo: 'retry.1s' },
  { step: 'produce', kind: 'results' },
  { step: 'commit', kind: 'retry.1s', afterProduceTo: 'results' },
]
const DEAD_LETTER: readonly Step[] = [
  { step: 'produce', kind: 'dlq' },
  { step: 'produce', kind: 'results' },
  { step: 'commit', kind: 'tasks', afterProduceTo: 'results' },
]
const REDRIVE: readonly Step[] = [
  { step: 'produce', kind: 'tasks' },
  { step: 'produce', kind: 'dlq' },
]

/** Before each step, and after it. */
function deathsOf(steps: readonly Step[]): readonly DeathPoint[] {
  return steps.flatMap((step) => [{ when: 'before', ...step } as const, { when: 'after', ...step } as const])
}

const AGENT = { retry: { delays: ['1s'], tiers: ['1s'], maxAttempts: 3 } }
const TASKS_EACH = 2

describe.each(testBrokers())('P1, P11, P14 when a process is killed between any two steps, on $name', ({ start }) => {
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  /** A process after the other takes over, is given new tasks beside those left, and dies at its step; the last one lives. */
  async function dieAt(steps: readonly Step[], deed: Deed) {
    const type = workType('killed')
    const journal = createJournal()
    const fleet = await TestFleet.start(broker, [workAgent(type, journal, AGENT)], { partitions: 1 })
    const published: Published[] = []
    const of = { type: type.type, agent: AGENT, journal }
    for (const [at, diesAt] of deathsOf(steps).entries()) {
      for (let n = 0; n < TASKS_EACH; n += 1) published.push(await fleet.send(type, work(published.length, deed)))
      await using victim = await RunnerProcess.start(fleet, { ...of, name: `victim-${at}`, diesAt })
      expect(await victim.exited).toEqual({ code: null, signal: 'SIGKILL' })
      await fleet.bury(victim.name)
    }
    await using _survivor = await RunnerProcess.start(fleet, { ...of, name: 'survivor' })
    await allEnded(fleet, type, published)
    const history = await fleet.history(type, published, journal)
    return { fleet, type, published, journal, history }
  }

  test('of a retry: every task ends once, after its second attempt, never early', async () => {
    const { fleet, type, published, journal, history } = await dieAt(RETRY_MOVE, { failAttempts: 1 })
    await using _ = fleet
    assertKept(noLoss(history), exactLedger(history), neverEarlyRetry(history, [1_000]))
    const ends = [...countingEnds(await fleet.ends(type)).values()]
    expect(ends.map(({ end, attempts }) => ({ end, attempts }))).toEqual(
      published.map(() => ({ end: 'succeeded', attempts: 2 })),
    )
    // What the dead had not committed runs again in the next process; what stands twice in a tier runs once in each.
    const byRunner = Map.groupBy(journal.entries(), ({ runner }) => runner)
    for (const entries of byRunner.values()) assertKept(noDuplicates(entries))
  }, 120_000)

  test('of a dead letter: every task ends once, with one letter that counts', async () => {
    const { fleet, type, published, history } = await dieAt(DEAD_LETTER, { terminal: 'never' })
    await using _ = fleet
    assertKept(noLoss(history), exactLedger(history))
    const letters = await fleet.fleet.deadLetters(type.type)
    expect(await letters.list()).toMatchObject({ open: published.length, pending: 0, resolved: 0 })
  }, 120_000)

  test('of a redrive: every dead letter comes back once, and none stays open', async () => {
    const type = workType('redriven')
    const journal = createJournal()
    const agent = defineAgent(type, {
      run: (task, { taskId, life, attempt, key, mayHaveRun }) => {
        journal.write({ kind: 'started', taskId, life, attempt, key, mayHaveRun, n: task.n })
        if (life === 1) throw new TerminalError('not built yet')
        return task
      },
    })
    await using fleet = await TestFleet.start(broker, [agent], { partitions: 1 })
    const published: Published[] = []
    for (const diesAt of [...deathsOf(REDRIVE), null]) {
      {
        await using _runner = await startRunner(fleet)
        for (let n = 0; n < TASKS_EACH; n += 1) published.push(await fleet.send(type, work(published.length)))
        await haveEnded(fleet, published, 1)
      }
      expect(await redrive(fleet, type.type, diesAt)).toBe(diesAt === null ? 0 : 'SIGKILL')
    }
    await using _runner = await startRunner(fleet)
    await haveEnded(fleet, published, 2)
    const history = await fleet.history(type, published, journal)
    assertKept(noLoss(history), exactLedger(history))
    expect(await (await fleet.fleet.deadLetters(type.type)).list()).toMatchObject({
      open: 0,
      pending: 0,
      resolved: published.length,
    })
  }, 120_000)
})

async function haveEnded(fleet: TestFleet, published: readonly Published[], life: number): Promise<void> {
  await vi.waitFor(async () => {
    const ends = countingEnds(await fleet.ends(workType('redriven')))
    expect(published.filter(({ taskId }) => !ends.has(`${taskId}/${life}`))).toEqual([])
  }, WAIT)
}

/** Its exit code, or the signal that ended it. */
async function redrive(fleet: TestFleet, type: string, diesAt: DeathPoint | null): Promise<number | string> {
  const child = spawn(
    process.execPath,
    ['--conditions=@towline/source', fileURLToPath(new URL('./redrive-main.ts', import.meta.url))],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        ...fleet.environment(),
        E2E_TYPE: type,
        ...(diesAt === null ? {} : { E2E_DIE_AT: JSON.stringify(diesAt) }),
      },
    },
  )
  const [code, signal] = await once(child, 'exit')
  return signal ?? code
}
