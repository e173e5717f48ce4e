import { setTimeout as sleep } from 'node:timers/promises'
import { type OwnBroker, ownBrokers } from '@towline/test-brokers'
import {
  assertKept,
  boundedDuplicates,
  exactLedger,
  keyOrder,
  noConcurrentKey,
  noDuplicates,
  noLoss,
} from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { allEnded } from './history.ts'
import type { Journal } from './journal.ts'
import { Load } from './load.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { TestFleet } from './test-fleet.ts'
import { workType } from './work.ts'
import { workAgent } from './work-agent.ts'

const PARTITIONS = 4
const SESSION_MS = 6_000
const AGENT = { concurrency: 10, retry: { maxAttempts: 2 } }
const NAMES = ['first', 'second']

describe.each(await ownBrokers())('P13: an outage of the broker under load, on $name', ({ start }) => {
  const type = workType('unreachable')
  let broker: OwnBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  function endedBy(journal: Journal, name: string, sinceMs = 0): number {
    return journal.of('ended').filter(({ runner, atMs }) => runner === name && atMs > sinceMs).length
  }

  /** Both runners work, the broker goes and comes back, both work on by themselves; all that was published is accounted for. */
  async function outlive(outage: () => Promise<void>): Promise<Journal> {
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal, AGENT)], { partitions: PARTITIONS })
    const of = { type: type.type, agent: AGENT, journal }
    const [first, second] = await Promise.all([
      RunnerProcess.start(fleet, { ...of, name: 'first' }),
      RunnerProcess.start(fleet, { ...of, name: 'second' }),
    ])
    await using _first = first
    await using _second = second
    await Promise.all([first.holds(PARTITIONS / 2), second.holds(PARTITIONS / 2)])
    const load = Load.start(fleet, type, { perSecond: 60, deedOf: (n) => ({ workMs: 10 + ((n * 37) % 90) }) })
    const bothWork = (sinceMs?: number): Promise<void> =>
      vi.waitFor(() => {
        for (const name of NAMES) expect(endedBy(journal, name, sinceMs)).toBeGreaterThan(20)
      }, WAIT)
    await bothWork()
    await outage()
    await bothWork(Date.now())
    const published = await load.stop()
    await allEnded(fleet, type, published)
    const { placed, repeated } = await fleet.inLog(type, published)
    const history = await fleet.history(type, placed, journal)
    assertKept(noLoss(history), exactLedger(history), keyOrder(history), noConcurrentKey(history))
    // A publish that the outage left without an answer was repeated: whoever holds the partition drops it, the next does not.
    assertKept(boundedDuplicates(history.filter((event) => !('taskId' in event) || !repeated.has(event.taskId))))
    const ends = await fleet.ends(type)
    expect(ends.filter(({ result }) => result.end !== 'succeeded' || result.attempts !== 1)).toEqual([])
    expect(await fleet.letters(type)).toEqual([])
    return journal
  }

  test.each([
    { which: 'shorter than a session', outageMs: 2_000 },
    { which: 'of 20 s', outageMs: 20_000 },
  ])(
    'a network that drops every packet, $which: no attempt is spent, none dead-lettered, and it ends by itself',
    async ({ outageMs }) => {
      let cutAtMs = 0
      let restoredAtMs = 0
      const journal = await outlive(async () => {
        await broker.network.cut()
        cutAtMs = Date.now()
        await sleep(outageMs) // how long the outage is
        restoredAtMs = Date.now()
        broker.network.restore()
      })
      const within = ({ atMs }: { readonly atMs: number }): boolean => atMs > cutAtMs + 500 && atMs < restoredAtMs
      expect(journal.of('ended', 'committed').filter(within)).toEqual([])
      const losers = journal.of('lost').filter(({ atMs }) => atMs > cutAtMs)
      expect(new Set(losers.map(({ runner }) => runner))).toEqual(new Set(outageMs > SESSION_MS ? NAMES : []))
      if (outageMs < SESSION_MS) assertKept(noDuplicates(journal.entries()))
    },
    120_000,
  )

  test('a broker that is killed and started again: no attempt is spent, none dead-lettered, and it ends by itself', async () => {
    await outlive(async () => {
      await broker.kill()
      await sleep(1_000) // requests are made, and refused, meanwhile
      await broker.restart()
    })
  }, 120_000)
})
