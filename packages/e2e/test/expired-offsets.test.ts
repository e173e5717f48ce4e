import { decodeGroupMarker, groupIdOf, groupsTopic, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import {
  assertKept,
  boundedDuplicates,
  everyPromise,
  exactLedger,
  keyOrder,
  neverEarlyRetry,
  noConcurrentKey,
  noDuplicates,
  noLoss,
} from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { allEnded, countingEnds } from './history.ts'
import type { Journal } from './journal.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { startRunner } from './start-runner.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

describe.each(testBrokers())('Offsets that expired, on $name', ({ start }) => {
  const type = workType('aged')
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  /** As Kafka does with a group that had no members for a week. */
  async function age(fleet: TestFleet): Promise<void> {
    for (const groupId of await fleet.groupIds()) {
      if (broker.faults === undefined) await (await fleet.fleet.admin()).deleteGroups([groupId])
      else broker.faults.expireOffsets(groupId)
    }
  }

  async function committedOf(fleet: TestFleet, topic: string): Promise<readonly (number | null)[]> {
    const tps = [0, 1].map((partition) => ({ topic, partition }))
    return (await (await fleet.fleet.admin()).committed(groupIdOf(topic), tps)).map(({ next }) => next)
  }

  async function assertEachRanOnce(fleet: TestFleet, published: readonly Published[], journal: Journal): Promise<void> {
    const history = await fleet.history(type, published, journal)
    assertKept(noDuplicates(history), ...everyPromise(history))
    expect(journal.of('started')).toHaveLength(published.length)
  }

  test('refuse the start of a runner, and nothing runs again', async () => {
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)], { partitions: 2 })
    const { tasks: topic } = topicNames(type.type, fleet.namespace)
    const published = await Promise.all(Array.from({ length: 20 }, (_, n) => fleet.send(type, work(n))))
    {
      await using _runner = await startRunner(fleet, journal)
      await allEnded(fleet, type, published)
    }
    await age(fleet)
    await expect(startRunner(fleet, journal)).rejects.toMatchObject({
      code: 'TOWLINE_OFFSETS_EXPIRED',
      value: expect.stringContaining(topic),
      message: expect.stringContaining(groupIdOf(topic)),
      wayOut: expect.stringContaining('towline offsets restore aged'),
    })
    const commandLine = { type: type.type, journal, name: 'command-line', isCommandLine: true }
    await expect(RunnerProcess.start(fleet, commandLine)).rejects.toThrow(/exited without.*TOWLINE_OFFSETS_EXPIRED/s)
    await assertEachRanOnce(fleet, published, journal)
    expect(await committedOf(fleet, topic)).toEqual([null, null])
  })

  test('stop a runner that was frozen for as long, before it touches the partition', async () => {
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)], { partitions: 2 })
    const { tasks: topic } = topicNames(type.type, fleet.namespace)
    await using frozen = await RunnerProcess.start(fleet, { type: type.type, journal, name: 'frozen' })
    const published = await Promise.all(Array.from({ length: 20 }, (_, n) => fleet.send(type, work(n))))
    await allEnded(fleet, type, published)
    await vi.waitFor(async () => {
      const markers = await fleet.records(groupsTopic(fleet.namespace))
      expect(markers).toHaveLength(2)
    }, WAIT)
    frozen.signal('SIGSTOP')
    await fleet.bury(frozen.name) // its session is over
    await age(fleet)
    frozen.signal('SIGCONT')
    await vi.waitFor(() => expect(journal.of('state').map(({ to }) => to)).toContain('failed'), WAIT)
    expect(journal.of('log').some(({ error }) => error?.includes('has finished tasks of'))).toBe(true)
    await assertEachRanOnce(fleet, published, journal)
    expect(await committedOf(fleet, topic)).toEqual([null, null])
  })

  test('are restored to the first task without an end: nothing is lost, and nothing that ended runs again', async () => {
    const journal = createJournal()
    const agent = { retry: { delays: ['2s'], tiers: ['2s'] } }
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: 2 })
    const { tasks, retry } = topicNames(type.type, fleet.namespace)
    await using first = await RunnerProcess.start(fleet, { type: type.type, agent, journal, name: 'first' })
    const snooze = { snoozeUntilMs: Date.now() + 4_000 }
    const deedOf = (n: number) => (n % 10 === 3 ? snooze : n % 10 === 5 ? { failAttempts: 1 } : {})
    const published = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        fleet.send(type, work(n, deedOf(n)), n % 10 === 3 ? { key: `asleep-${n}` } : {}),
      ),
    )
    await vi.waitFor(async () => {
      expect((await fleet.ends(type)).length).toBeGreaterThanOrEqual(32)
      expect(await fleet.records(retry(2_000))).toHaveLength(4)
    }, WAIT)
    const restore = await fleet.fleet.offsetRestore(type.type)
    await expect(restore.plan()).rejects.toMatchObject({ code: 'TOWLINE_GROUP_ACTIVE', message: /first/ })
    await first.killAndBury()
    await age(fleet)

    const endedBefore = new Set([...countingEnds(await fleet.ends(type)).values()].map(({ taskId }) => taskId))
    const plan = await restore.plan()
    const unended = plan.partitions.reduce((sum, partition) => sum + (partition.unended ?? 0), 0)
    expect(unended).toBe(40 - endedBefore.size)
    expect(plan.partitions.filter(({ to }) => to === null)).toEqual([])
    expect(plan.partitions.every(({ runAgain, mayHaveEnded }) => runAgain === 0 && mayHaveEnded === 0)).toBe(true)
    for (const { topic, partition, to } of plan.partitions.filter((each) => each.because === 'first-unended')) {
      if (topic !== tasks) continue
      const at = published.find((task) => task.partition === partition && task.offset === to)
      expect(endedBefore.has(at?.taskId ?? '')).toBe(false)
    }
    await restore.apply(plan, { by: 'ana', reason: 'idle for ten days' })
    expect((await restore.plan()).partitions.every(({ because }) => because === 'has-offset')).toBe(true)
    const markers = (await fleet.records(groupsTopic(fleet.namespace))).map(({ value }) => decodeGroupMarker(value))
    expect(markers.filter((marker) => marker?.restored !== null)).toHaveLength(plan.partitions.length)
    expect(markers.at(-1)?.restored).toMatchObject({ by: 'ana', reason: 'idle for ten days' })

    await using second = await RunnerProcess.start(fleet, { type: type.type, agent, journal, name: 'second' })
    await allEnded(fleet, type, published)
    const startedBySecond = journal.of('started').filter(({ runner }) => runner === second.name)
    expect(new Set(startedBySecond.map(({ taskId }) => taskId))).toEqual(
      new Set(published.map(({ taskId }) => taskId).filter((taskId) => !endedBefore.has(taskId))),
    )
    expect(await fleet.ends(type)).toHaveLength(published.length)
    const history = await fleet.history(type, published, journal)
    assertKept(noLoss(history), exactLedger(history), keyOrder(history), noConcurrentKey(history))
    assertKept(neverEarlyRetry(history, [2_000]))
    // A snooze begins the same attempt again, as it should.
    const awake = journal.entries().filter((entry) => !('n' in entry) || entry.n % 10 !== 3)
    assertKept(noDuplicates(awake.filter((entry) => 'taskId' in entry && endedBefore.has(entry.taskId))))
    assertKept(boundedDuplicates(awake))
  })

  test('are not suspected of a topic that was made anew, nor of partitions that were added', async () => {
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)], { partitions: 1 })
    const { tasks: topic } = topicNames(type.type, fleet.namespace)
    const admin = await fleet.fleet.admin()
    const published: Published[] = []
    const run = async (from: number, to: number) => {
      const sending = Array.from({ length: to - from }, (_, i) => fleet.send(type, work(from + i)))
      published.push(...(await Promise.all(sending)))
      await using _runner = await startRunner(fleet, journal)
      await allEnded(fleet, type, published)
    }
    await run(0, 10)
    await admin.deleteTopics([topic])
    await fleet.fleet.topics.apply()
    await run(10, 25)
    await admin.addPartitions(topic, 3)
    await run(25, 45)
    await age(fleet)
    await expect(startRunner(fleet, journal)).rejects.toMatchObject({ code: 'TOWLINE_OFFSETS_EXPIRED' })
    await assertEachRanOnce(fleet, published, journal)
  })

  test('are noticed also of a topic that was made anew and still empty when its runner came', async () => {
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)], { partitions: 1 })
    const { tasks: topic } = topicNames(type.type, fleet.namespace)
    const published: Published[] = []
    const runTen = async () => {
      await using runner = await startRunner(fleet, journal)
      await vi.waitFor(() => expect(runner.stats().partitions).toContainEqual({ topic, partition: 0 }), WAIT)
      published.push(...(await Promise.all(Array.from({ length: 10 }, (_, n) => fleet.send(type, work(n))))))
      await allEnded(fleet, type, published)
    }
    await runTen()
    await (await fleet.fleet.admin()).deleteTopics([topic])
    await fleet.fleet.topics.apply()
    await runTen()
    await age(fleet)
    await expect(startRunner(fleet, journal)).rejects.toMatchObject({ code: 'TOWLINE_OFFSETS_EXPIRED' })
    await assertEachRanOnce(fleet, published, journal)
  })
})
