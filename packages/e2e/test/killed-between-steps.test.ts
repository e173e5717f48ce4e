import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { defineAgent, HEADER, headerText, TerminalError, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import {
  assertKept,
  boundedDuplicates,
  everyPromise,
  exactLedger,
  keyOrder,
  neverEarlyRetry,
  noConcurrentKey,
  noLoss,
} from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import type { DeathPoint } from './dying-driver.ts'
import { allEnded, countingEnds } from './history.ts'
import { COMPILE_CACHE, type Exit, RunnerProcess, WAIT } from './runner-process.ts'
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
const PARTITIONS = 4
/** Of a batch: enough that each of two runners has keyed and unkeyed ones. */
const TASKS_EACH = 18

/** Two of three have one of five keys. An unkeyed task is retried through the tier, a keyed one where it waits. */
function keyOf(n: number): { readonly key?: string } {
  return n % 3 === 0 ? {} : { key: `key-${n % 5}` }
}

describe.each(testBrokers())('P1 to P4, P11, P14: killed between any two steps, on $name', ({ start }) => {
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  /** One process after the other works beside a neighbour that lives, and dies at its step. */
  async function dieAt(steps: readonly Step[], deedOf: (n: number) => Deed) {
    const type = workType('killed')
    const journal = createJournal()
    const fleet = await TestFleet.start(broker, [workAgent(type, journal, AGENT)], { partitions: PARTITIONS })
    const published: Published[] = []
    const of = { type: type.type, agent: AGENT, journal }
    await using _neighbour = await RunnerProcess.start(fleet, { ...of, name: 'neighbour' })

    async function workToDeath(victim: RunnerProcess): Promise<Exit> {
      const { tasks } = topicNames(type.type, fleet.namespace)
      const life = { isOver: false }
      const death = victim.exited.finally(() => {
        life.isOver = true
      })
      await vi.waitFor(() => {
        expect(life.isOver || victim.journal.held(tasks).size === PARTITIONS / 2).toBe(true)
      }, WAIT)
      while (!life.isOver) {
        const from = published.length
        const sending = Array.from({ length: TASKS_EACH }, (_, at) =>
          fleet.send(type, work(from + at, deedOf(from + at)), keyOf(from + at)),
        )
        published.push(...(await Promise.all(sending)))
        await vi.waitFor(async () => {
          if (!life.isOver) assertKept(noLoss([...published, ...(await fleet.ends(type))]))
        }, WAIT)
      }
      return await death
    }

    for (const [at, diesAt] of deathsOf(steps).entries()) {
      await using victim = await RunnerProcess.start(fleet, { ...of, name: `victim-${at}`, diesAt })
      expect(await workToDeath(victim)).toEqual({ code: null, signal: 'SIGKILL' })
      await fleet.bury(victim.name)
    }
    await allEnded(fleet, type, published)
    const history = await fleet.history(type, published, journal)
    return { fleet, type, published, journal, history }
  }

  test('of a retry: every task ends once, after its last attempt, never early, in the order of its key', async () => {
    // All that go through the tier, and of those that hold up their key a few.
    const failures = (n: number): number => (keyOf(n).key === undefined || n % 7 === 0 ? 1 : 0)
    const { fleet, type, published, journal, history } = await dieAt(RETRY_MOVE, (n) => ({ failAttempts: failures(n) }))
    await using _ = fleet
    assertKept(noLoss(history), exactLedger(history), neverEarlyRetry(history, [1_000]))
    assertKept(keyOrder(history), noConcurrentKey(history))
    const ends = countingEnds(await fleet.ends(type))
    expect(published.map(({ taskId }) => ends.get(`${taskId}/1`))).toMatchObject(
      published.map(({ n }) => ({ end: 'succeeded', attempts: failures(n) + 1 })),
    )
    // A move to the tier that stands there twice is told from its first by who dropped that, while they hold the partition.
    const movedTwice = await repeatedIn(fleet, topicNames(type.type, fleet.namespace).retry(1_000))
    expect(movedTwice.size).toBeLessThan(published.length / 3)
    assertKept(
      boundedDuplicates(journal.entries().filter((entry) => !('taskId' in entry) || !movedTwice.has(entry.taskId))),
    )
  }, 120_000)

  test('of a dead letter: every task ends once, with one letter that counts where it died', async () => {
    const isDead = (n: number): boolean => n % 2 === 0
    const { fleet, type, published, history } = await dieAt(DEAD_LETTER, (n) =>
      isDead(n) ? { terminal: 'never' } : {},
    )
    await using _ = fleet
    assertKept(...everyPromise(history))
    const letters = await fleet.fleet.deadLetters(type.type)
    const dead = published.filter(({ n }) => isDead(n))
    expect(await letters.list()).toMatchObject({ open: dead.length, pending: 0, resolved: 0 })
  }, 120_000)

  test('of a redrive while a runner works: every dead letter comes back once, and none stays open', async () => {
    const type = workType('redriven')
    const journal = createJournal()
    const agent = defineAgent(type, {
      run: (task, { taskId, life, attempt, key, mayHaveRun }) => {
        const execution = { taskId, life, attempt, key, n: task.n }
        journal.write({ kind: 'started', ...execution, mayHaveRun })
        journal.write({ kind: life === 1 ? 'threw' : 'returned', ...execution })
        if (life === 1) throw new TerminalError('not built yet')
        return task
      },
    })
    await using fleet = await TestFleet.start(broker, [agent], { partitions: PARTITIONS })
    const published: Published[] = []
    for (const diesAt of [...deathsOf(REDRIVE), null]) {
      await using _runner = await startRunner(fleet, journal)
      for (let at = 0; at < TASKS_EACH; at += 1) {
        published.push(await fleet.send(type, work(published.length), keyOf(published.length)))
      }
      await haveEnded(fleet, published, 1)
      expect(await redrive(fleet, type.type, diesAt)).toBe(diesAt === null ? 0 : 'SIGKILL')
    }
    await using _runner = await startRunner(fleet, journal)
    await haveEnded(fleet, published, 2)
    const history = await fleet.history(type, published, journal)
    assertKept(...everyPromise(history))
    expect(await (await fleet.fleet.deadLetters(type.type)).list()).toMatchObject({
      open: 0,
      pending: 0,
      resolved: published.length,
    })
  }, 120_000)
})

/** Ids that stand more than once in a topic. */
async function repeatedIn(fleet: TestFleet, topic: string): Promise<ReadonlySet<string>> {
  const ids = (await fleet.records(topic)).map(({ headers }) => headerText(headers, HEADER.ceId) ?? '')
  return new Set(ids.filter((id, at) => ids.indexOf(id) !== at))
}

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
