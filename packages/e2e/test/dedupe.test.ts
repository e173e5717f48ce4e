import { agentWithNamespace, groupIdOf, HEADER, idOfKey, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, everyPromise } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { CommitWatch } from './commit-watch.ts'
import { createJournal } from './create-journal.ts'
import { allEnded } from './history.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { startRunner } from './start-runner.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

const PARTITIONS = 2

describe.each(testBrokers())('Repeats, on $name', ({ start }) => {
  const type = workType('repeated')
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test('a record that was published twice runs once', async () => {
    const journal = createJournal()
    const agent = workAgent(type, journal, { retry: { delays: ['1s'], tiers: ['1s'] } })
    await using fleet = await TestFleet.start(broker, [agent])
    await using _runner = await startRunner(fleet, journal)
    const once = [
      await fleet.send(type, work(0, { workMs: 200 })),
      await fleet.send(type, work(1, { workMs: 200 }), { key: 'one' }),
      await fleet.send(type, work(2, { failAttempts: 1 })),
    ]
    const again = (): Promise<Published[]> =>
      Promise.all(
        once.map(({ taskId, key, n }) => fleet.send(type, work(n), { id: taskId, ...(key === null ? {} : { key }) })),
      )
    await again()
    await allEnded(fleet, type, once)
    await again()
    await vi.waitFor(async () => {
      expect((await fleet.fleet.lag()).every(({ partitions }) => partitions.every(({ lag }) => lag === 0))).toBe(true)
    }, WAIT)
    expect(
      journal
        .of('started')
        .map(({ n, attempt }) => `${n}#${attempt}`)
        .toSorted(),
    ).toEqual(['0#1', '1#1', '2#1', '2#2'])
    expect(await fleet.ends(type)).toHaveLength(3)
    assertKept(...everyPromise(await fleet.history(type, once, journal), { delaysMs: [1_000] }))
  })

  test('an idempotency key runs once, whoever publishes it again, after a rebalance and after a kill', async () => {
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)], { partitions: PARTITIONS })
    await using other = await TestFleet.start(broker, [workAgent(type, journal)], { namespace: fleet.namespace })
    const { tasks: topic } = topicNames(type.type, fleet.namespace)
    await using watch = await CommitWatch.start(fleet, { groupId: groupIdOf(topic), topic, partitions: PARTITIONS })
    const publish = (by: TestFleet): Promise<Published[]> =>
      Promise.all(
        Array.from({ length: 20 }, (_, n) => {
          const idempotencyKey = `order-${n}`
          const id = idOfKey(agentWithNamespace(type.type, fleet.namespace), undefined, idempotencyKey)
          return by.send(type, work(n), { id, headers: { [HEADER.idempotencyKey]: idempotencyKey } })
        }),
      )
    const of = { type: type.type, journal }
    await using first = await RunnerProcess.start(fleet, { ...of, name: 'first' })
    const published = await publish(fleet)
    await vi.waitFor(() => expect(watch.covers(published)).toBe(true), WAIT)

    await using second = await RunnerProcess.start(fleet, { ...of, name: 'second' })
    await Promise.all([first.holds(1), second.holds(1)])
    const afterRebalance = await publish(other)
    await vi.waitFor(() => expect(watch.covers(afterRebalance)).toBe(true), WAIT)
    await second.killAndBury()
    await first.killAndBury()
    await using third = await RunnerProcess.start(fleet, { ...of, name: 'third' })
    await third.holds(PARTITIONS)
    const afterKill = await publish(other)
    const last = await fleet.send(type, work(99))
    await vi.waitFor(() => expect(watch.covers([...afterKill, last])).toBe(true), WAIT)

    const runs = journal
      .of('started')
      .map(({ n, runner }) => ({ n, runner }))
      .toSorted((a, b) => a.n - b.n)
    expect(runs).toEqual([
      ...Array.from({ length: 20 }, (_, n) => ({ n, runner: 'first' })),
      { n: 99, runner: 'third' },
    ])
    expect(await fleet.ends(type)).toHaveLength(21)
    assertKept(...everyPromise(await fleet.history(type, [...published, last], journal)))
  }, 90_000)

  test('a task that waits long in one tier passes through it again and again, and is no repeat of itself', async () => {
    const journal = createJournal()
    const agent = workAgent(type, journal, { retry: { tiers: ['1s'], maxAttempts: 1 } })
    await using fleet = await TestFleet.start(broker, [agent])
    const untilMs = Date.now() + 7_000
    const idempotencyKey = 'order'
    const id = idOfKey(agentWithNamespace(type.type, fleet.namespace), undefined, idempotencyKey)
    const deed = { snoozeUntilMs: untilMs }
    const published = [
      await fleet.send(type, work(0, deed)),
      await fleet.send(type, work(1, deed), { id, headers: { [HEADER.idempotencyKey]: idempotencyKey } }),
    ]
    const tier = topicNames(type.type, fleet.namespace).retry(1_000)
    for (const passes of [2, 4]) {
      await using _runner = await startRunner(fleet, journal)
      await vi.waitFor(async () => expect((await fleet.records(tier)).length).toBeGreaterThanOrEqual(passes), WAIT)
    }
    await using _runner = await startRunner(fleet, journal)
    await allEnded(fleet, type, published)
    expect(
      journal
        .of('returned')
        .map(({ n }) => n)
        .toSorted(),
    ).toEqual([0, 1])
    for (const { atMs } of journal.of('returned')) expect(atMs).toBeGreaterThanOrEqual(untilMs)
  })
})
