import { topicNames } from '@towline/contracts'
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
  reruns,
} from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { allEnded, countingEnds } from './history.ts'
import type { Journal } from './journal.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { type Deed, work, workType } from './work.ts'
import { type WorkAgentOptions, workAgent } from './work-agent.ts'

const TASKS = 390
const KILLS = 3
const SOON = { timeout: 20_000, interval: 5 }

interface Load {
  readonly agent: WorkAgentOptions
  readonly keyOf: (n: number) => { readonly key?: string }
  readonly deedOf: (n: number) => Deed
}

describe.each(testBrokers())('P1, P2: runners that are killed at work, on $name', ({ start }) => {
  const type = workType('crash')
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  /** Publishes in three parts; in each a runner that holds half the partitions is killed while it works. */
  async function killAtWork(
    fleet: TestFleet,
    journal: Journal,
    { agent, keyOf, deedOf }: Load,
  ): Promise<readonly Published[]> {
    const of = { type: type.type, agent, journal }
    await using _survivor = await RunnerProcess.start(fleet, { ...of, name: 'survivor' })
    const published: Published[] = []
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await using victim = await RunnerProcess.start(fleet, { ...of, name: `victim-${kill}` })
      await victim.holds(2)
      const from = published.length
      const sending = Array.from({ length: TASKS / KILLS }, (_, i) =>
        fleet.send(type, work(from + i, deedOf(from + i)), keyOf(from + i)),
      )
      published.push(...(await Promise.all(sending)))
      await vi.waitFor(() => {
        expect(journal.of('ended').filter(({ runner }) => runner === victim.name).length).toBeGreaterThan(10)
      }, SOON)
      // The first death costs a session; the others are buried at once, as a supervisor would.
      if (kill === 1) await victim.kill()
      else await victim.killAndBury()
    }
    await allEnded(fleet, type, published)
    return published
  }

  const workMs = (n: number): number => 5 + ((n * 7) % 45)

  test.each([
    { order: 'keyed', agent: { concurrency: 20 }, keyOf: (n: number) => ({ key: `key-${n % 40}` }) },
    { order: 'unkeyed', agent: { concurrency: 20, ordering: 'none' as const }, keyOf: () => ({}) },
  ])(
    'lose no $order task, end each once, and run again only what no confirmed commit covers',
    async ({ agent, keyOf }) => {
      const journal = createJournal()
      await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: 4 })
      const published = await killAtWork(fleet, journal, { agent, keyOf, deedOf: (n) => ({ workMs: workMs(n) }) })

      assertKept(...everyPromise(await fleet.history(type, published, journal), agent))
      expect(reruns(journal.of('started')).length).toBeGreaterThan(0)
      const ends = await fleet.ends(type)
      const counting = [...countingEnds(ends).values()]
      expect(counting.filter(({ end, attempts }) => end !== 'succeeded' || attempts !== 1)).toEqual([])
      const ranAgain = new Set(reruns(journal.of('started')).map(({ again }) => again.taskId))
      const marked = new Set(ends.filter(({ result }) => result.mayHaveRun).map(({ result }) => result.taskId))
      expect([...ranAgain].filter((taskId) => !marked.has(taskId))).toEqual([])
      expect(await fleet.records(topicNames(type.type, fleet.namespace).dlq)).toEqual([])
    },
    90_000,
  )

  test('lose nothing on its way through tiers and to the DLQ, and leave true dead letters', async () => {
    const journal = createJournal()
    const agent = { concurrency: 20, retry: { delays: ['1s'], tiers: ['1s'], maxAttempts: 3 } }
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: 4 })
    const begunMs = Date.now()
    const fates = [
      { deed: {}, end: 'succeeded', reason: null, attempts: 1 },
      { deed: { failAttempts: 1 }, end: 'succeeded', reason: null, attempts: 2 },
      { deed: { failAttempts: 99 }, end: 'dead-lettered', reason: 'attempts-exhausted', attempts: 3 },
      { deed: { terminal: 'never' }, end: 'dead-lettered', reason: 'terminal', attempts: 1 },
      { deed: { snoozeUntilMs: begunMs + 5_000 }, end: 'succeeded', reason: null, attempts: 1 },
    ] as const
    const fateOf = (n: number): (typeof fates)[number] => fates[n % fates.length] as (typeof fates)[number]
    const published = await killAtWork(fleet, journal, {
      agent,
      keyOf: (n) => (n % 2 === 0 ? {} : { key: `key-${n % 39}` }),
      deedOf: (n) => ({ ...fateOf(n).deed, workMs: workMs(n) }),
    })

    const history = await fleet.history(type, published, journal)
    assertKept(noLoss(history), exactLedger(history), keyOrder(history), noConcurrentKey(history))
    assertKept(neverEarlyRetry(history, [1_000]))
    const ends = countingEnds(await fleet.ends(type))
    const strange = published.filter(({ taskId, n }) => {
      const { end, reason, attempts } = fateOf(n)
      const found = ends.get(`${taskId}/1`)
      return found?.end !== end || found.reason !== reason || found.attempts !== attempts
    })
    expect(strange.map(({ taskId, n }) => ({ n, ...ends.get(`${taskId}/1`) }))).toEqual([])
    const dead = published.filter(({ n }) => fateOf(n).end === 'dead-lettered')
    const letters = await (await fleet.fleet.deadLetters(type.type)).list()
    expect(letters).toMatchObject({ open: dead.length, pending: 0, void: 0, foreign: 0 })
    expect(new Set(letters.entries.map(({ taskId }) => taskId))).toEqual(new Set(dead.map(({ taskId }) => taskId)))
  }, 90_000)

  test('mark what may have run, however far the work is ahead of the committed offset', async () => {
    const journal = createJournal()
    const agent = { concurrency: 10 }
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: 1 })
    const of = { type: type.type, agent, journal, maxInFlight: 200 }
    await using first = await RunnerProcess.start(fleet, { ...of, name: 'first' })
    // The first task pins the offset while several times maxInFlight finish behind it.
    const pinned = await fleet.send(type, work(0, { workMs: 20_000 }))
    const quick = Array.from({ length: 600 }, (_, i) => fleet.send(type, work(1 + i, { workMs: 10 })))
    const published = [pinned, ...(await Promise.all(quick))]
    await vi.waitFor(() => expect(journal.of('ended').length).toBeGreaterThan(500), SOON)
    await first.killAndBury()
    const before = reruns(journal.of('started'))
    await using _second = await RunnerProcess.start(fleet, { ...of, name: 'second' })
    await vi.waitFor(async () => {
      assertKept(noLoss([...published.slice(1), ...(await fleet.ends(type))]))
    }, WAIT)
    expect(before).toEqual([])
    const again = reruns(journal.of('started'))
    expect(again.length).toBeGreaterThan(1)
    assertKept(boundedDuplicates(journal.entries()))
  })

  test('leave a backlog of small tasks, far more than is ever in flight, to the next', async () => {
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)], { partitions: 1 })
    const published = await Promise.all(Array.from({ length: 30_000 }, (_, n) => fleet.send(type, work(n))))
    const of = { type: type.type, journal }
    await using first = await RunnerProcess.start(fleet, { ...of, name: 'first' })
    await vi.waitFor(() => expect(journal.of('ended').length).toBeGreaterThan(5_000), SOON)
    await first.killAndBury()
    await using _second = await RunnerProcess.start(fleet, { ...of, name: 'second' })
    await vi.waitFor(async () => {
      const lags = (await fleet.fleet.lag()).flatMap(({ partitions }) => partitions.map(({ lag }) => lag))
      expect(Math.max(...lags)).toBe(0)
    }, WAIT)
    assertKept(noLoss([...published, ...(await fleet.ends(type))]))
    assertKept(boundedDuplicates(journal.entries()))
  }, 90_000)
})
