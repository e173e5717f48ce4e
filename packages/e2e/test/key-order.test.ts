import { topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, everyPromise } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { allEnded, countingEnds } from './history.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { startRunner } from './start-runner.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { type Deed, work, workType } from './work.ts'
import { type WorkAgentOptions, workAgent } from './work-agent.ts'

describe.each(testBrokers())('P3: order, on $name', ({ start }) => {
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test.each([
    { ordering: 'key', lane: 'key', tasks: 360, keys: 30, workMs: 60 },
    { ordering: 'partition', lane: 'partition', tasks: 80, keys: 30, workMs: 50 },
  ] as const)(
    "ordering '$ordering': first successes of one $lane follow offset order through failures, a rebalance and a kill",
    async ({ ordering, tasks, keys, workMs }) => {
      const type = workType('ordered')
      const agent: WorkAgentOptions = { ordering, concurrency: 8, retry: { delays: ['200ms'] } }
      const journal = createJournal()
      await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: 4 })
      const of = { type: type.type, agent, journal }
      await using first = await RunnerProcess.start(fleet, { ...of, name: 'first' })
      await first.holds(4)
      const publish = (from: number, to: number): Promise<Published[]> =>
        Promise.all(
          Array.from({ length: to - from }, (_, i) => {
            const n = from + i
            const deed = { workMs: (n * 31) % (2 * workMs), failAttempts: n % 5 === 0 ? 1 : 0 }
            return fleet.send(type, work(n, deed), { key: `key-${n % keys}` })
          }),
        )
      const joining = RunnerProcess.start(fleet, { ...of, name: 'second' })
      const published = await publish(0, tasks / 2)
      await using second = await joining
      await second.holds(2)
      published.push(...(await publish(tasks / 2, tasks)))
      await vi.waitFor(() => {
        const bySecond = journal.of('ended').filter(({ runner }) => runner === second.name)
        expect(bySecond.length).toBeGreaterThan(5)
      }, WAIT)
      expect(journal.of('ended').length).toBeLessThan(tasks)
      await first.killAndBury()
      await allEnded(fleet, type, published)

      const history = await fleet.history(type, published, journal)
      assertKept(...everyPromise(history, { ordering, delaysMs: [200] }))
      const ends = [...countingEnds(await fleet.ends(type)).values()]
      expect(ends.filter(({ end }) => end !== 'succeeded')).toEqual([])
      expect(journal.of('parked').length).toBeGreaterThan(0)
    },
    90_000,
  )

  test("ordering 'none': a slow and a failing task of a key hold nothing back", async () => {
    const type = workType('unordered')
    const journal = createJournal()
    const agent = workAgent(type, journal, { ordering: 'none', retry: { delays: ['1s'], tiers: ['1s'] } })
    await using fleet = await TestFleet.start(broker, [agent], { partitions: 1 })
    await using _runner = await startRunner(fleet, journal)
    const send = (n: number, deed: Deed = {}): Promise<Published> => fleet.send(type, work(n, deed), { key: 'one' })
    const slow = await send(0, { workMs: 2_000 })
    const failing = await send(1, { failAttempts: 1 })
    const quick = await Promise.all(Array.from({ length: 20 }, (_, i) => send(2 + i)))
    const published = [slow, failing, ...quick]
    await allEnded(fleet, type, published)

    const returned = journal.of('returned').map(({ taskId }) => taskId)
    expect(returned.toSorted()).toEqual(published.map(({ taskId }) => taskId).toSorted())
    expect(new Set(returned.slice(-2))).toEqual(new Set([slow.taskId, failing.taskId]))
    expect(await fleet.records(topicNames(type.type, fleet.namespace).retry(1_000))).toHaveLength(1)
  })
})
