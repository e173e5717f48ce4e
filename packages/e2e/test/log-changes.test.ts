import { setTimeout as sleep } from 'node:timers/promises'
import { decodeAny, groupIdOf, type TaskEvent, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, noDuplicates } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noteOf } from './commit-watch.ts'
import { createJournal } from './create-journal.ts'
import { deleteRecordsBefore } from './delete-records.ts'
import { allEnded, countingEnds } from './history.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { startRunner } from './start-runner.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { type Deed, work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

interface Lost {
  readonly partition: number
  readonly from: number
  readonly to: number
  readonly records: number
}

describe.each(testBrokers())('P1, P7 when the log or the offsets change under a group, on $name', ({ start }) => {
  const type = workType('shifted')
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  async function bench(partitions: number) {
    const journal = createJournal()
    const fleet = await TestFleet.start(broker, [workAgent(type, journal)], { partitions })
    const { tasks: topic } = topicNames(type.type, fleet.namespace)
    const admin = await fleet.fleet.admin()
    /** A runner in this process, until `isDone`; then it drains. */
    const runUntil = async (isDone: () => Promise<void> | void): Promise<void> => {
      await using _runner = await startRunner(fleet, journal)
      await vi.waitFor(isDone, WAIT)
    }
    const runner = (name: string) => RunnerProcess.start(fleet, { type: type.type, journal, name })
    const publish = (from: number, to: number, deed: Deed = {}, key?: string): Promise<Published[]> =>
      Promise.all(
        Array.from({ length: to - from }, (_, i) =>
          fleet.send(type, work(from + i, deed), key === undefined ? {} : { key }),
        ),
      )
    const started = (): number[] => [...new Set(journal.of('started').map(({ n }) => n))].sort((a, b) => a - b)
    return { journal, fleet, topic, admin, runner, runUntil, publish, started, groupId: groupIdOf(topic) }
  }

  /** What `.events` tells of records that were deleted before they were run. */
  async function lostOf(fleet: TestFleet): Promise<Lost[]> {
    const lost: Lost[] = []
    for (const { value } of await fleet.records(topicNames(type.type, fleet.namespace).events)) {
      const decoded = await decodeAny(value, fleet.fleet.schemas)
      const event = decoded.kind === 'decoded' ? (decoded.value as TaskEvent) : null
      if (event?.kind === 'data-lost') lost.push(JSON.parse(event.detail ?? '{}'))
    }
    return lost
  }

  async function stop(...runners: readonly RunnerProcess[]): Promise<void> {
    for (const runner of runners) runner.signal('SIGTERM')
    for (const runner of runners) expect(await runner.exited).toMatchObject({ code: 0 })
  }

  test('records deleted while nobody ran are told, those that had finished left out; work goes on at the log start', async () => {
    const { fleet, topic, admin, runUntil, publish, started, groupId } = await bench(1)
    await using _ = fleet
    await publish(0, 1, { snoozeUntilMs: Date.now() + 600_000 }, 'pins the offset')
    await publish(1, 10)
    await runUntil(async () => expect(await fleet.ends(type)).toHaveLength(9))
    const [left] = await admin.committed(groupId, [{ topic, partition: 0 }])
    expect(noteOf({ next: left?.next ?? null, metadata: left?.metadata ?? '' })).toMatchObject({ base: 0, end: 10 })
    const later = await publish(10, 20)
    await deleteRecordsBefore(broker.brokers, { topic, partition: 0 }, 15)
    await runUntil(async () => expect(await fleet.ends(type)).toHaveLength(14))
    expect(await lostOf(fleet)).toEqual([{ topic, partition: 0, from: 0, to: 15, records: 6 }])
    const kept = later.filter(({ offset }) => offset >= 15).map(({ n }) => n)
    expect(started()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...kept].sort((a, b) => a - b))
  })

  test('records deleted under running runners are told to the last one, and every other one runs', async () => {
    const { fleet, topic, runner, publish, started, journal } = await bench(2)
    await using _ = fleet
    await using first = await runner('first')
    await using second = await runner('second')
    await Promise.all([first.holds(1), second.holds(1)])
    await allEnded(fleet, type, await publish(0, 20))
    for (const each of [first, second]) each.signal('SIGSTOP')
    // A fetch that waits at the broker would take the next records along; it waits 250 ms at most.
    await sleep(500)
    const published = await publish(20, 120)
    const highest = (partition: number): number =>
      Math.max(...published.filter((task) => task.partition === partition).map(({ offset }) => offset))
    await Promise.all(
      [0, 1].map((partition) => deleteRecordsBefore(broker.brokers, { topic, partition }, highest(partition) - 4)),
    )
    for (const each of [first, second]) each.signal('SIGCONT')
    const last = await publish(120, 140)
    const expected = [...published.filter(({ partition, offset }) => offset >= highest(partition) - 4), ...last]
    await vi.waitFor(() => {
      const ran = new Set(started())
      expect(expected.filter(({ n }) => !ran.has(n))).toEqual([])
    }, WAIT)
    await vi.waitFor(async () => expect(await lostOf(fleet)).toHaveLength(2), WAIT)
    const lost = await lostOf(fleet)
    const isLost = ({ partition, offset }: Published): boolean =>
      lost.some((range) => range.partition === partition && offset >= range.from && offset < range.to)
    expect(lost.every(({ from, to, records }) => records === to - from)).toBe(true)
    expect(published.filter(isLost).map(({ n }) => n)).toEqual(
      published.map(({ n }) => n).filter((n) => !started().includes(n)),
    )
    expect(lost.reduce((sum, { records }) => sum + records, 0)).toBe(published.filter(isLost).length)
    assertKept(noDuplicates(journal.entries()))
  })

  test('offsets that an operator sets back or forward are what runs; under running runners Kafka refuses it', async () => {
    const { fleet, topic, admin, runner, runUntil, publish, started, groupId, journal } = await bench(1)
    await using _ = fleet
    const tp = { topic, partition: 0 }
    const published = await publish(0, 20)
    {
      await using first = await runner('first')
      await using second = await runner('second')
      await allEnded(fleet, type, published)
      const refused = admin.commitNote(groupId, [{ tp, next: 0, metadata: '' }])
      await expect(refused).rejects.toMatchObject({ code: 'TOWLINE_GROUP_ACTIVE' })
      await stop(first, second)
    }
    await admin.commitNote(groupId, [{ tp, next: 12, metadata: '' }])
    await runUntil(async () => expect(await fleet.ends(type)).toHaveLength(28))
    const again = journal.of('started').slice(20)
    const from12 = published.filter(({ offset }) => offset >= 12).map(({ taskId }) => taskId)
    expect(again.map(({ taskId }) => taskId).sort()).toEqual(from12.sort())
    expect(again.every(({ mayHaveRun }) => mayHaveRun)).toBe(true)
    // Their second ends stand in the log and do not count.
    expect(
      [...countingEnds(await fleet.ends(type)).values()].every(({ runnerId }) => /first|second/.test(runnerId)),
    ).toBe(true)
    await publish(20, 40)
    await admin.commitNote(groupId, [{ tp, next: 30, metadata: '' }])
    await runUntil(async () => expect(await fleet.ends(type)).toHaveLength(38))
    expect(started()).toHaveLength(30)
    const [left] = await admin.committed(groupId, [tp])
    expect(left?.next).toBe(40)
  })

  test('of a topic made anew while runners work on it, and longer than it was, nothing is skipped', async () => {
    const { fleet, topic, admin, runner, publish, journal } = await bench(2)
    await using _ = fleet
    await using first = await runner('first')
    await using second = await runner('second')
    await Promise.all([first.holds(1), second.holds(1)])
    const old = await publish(0, 20)
    await allEnded(fleet, type, old)
    await admin.deleteTopics([topic])
    await fleet.fleet.topics.apply()
    const fresh = await publish(100, 160)
    await allEnded(fleet, type, [...old, ...fresh])
    assertKept(noDuplicates(journal.entries()))
  })

  test.each([
    ['nothing unfinished', {}],
    ['a task unfinished', { snoozeUntilMs: Date.now() + 600_000 }],
  ])(
    'of a topic made anew while nobody ran, with a commit of the old one and %s, nothing is skipped',
    async (_, deed) => {
      const { fleet, topic, admin, runUntil, publish, groupId, started } = await bench(1)
      await using _fleet = fleet
      const tp = { topic, partition: 0 }
      await publish(0, 10)
      await publish(10, 11, deed, 'last')
      await runUntil(async () => {
        expect(started()).toHaveLength(11)
        expect((await fleet.ends(type)).length).toBeGreaterThanOrEqual(10)
      })
      const [left] = await admin.committed(groupId, [tp])
      expect(left?.next).toBe('snoozeUntilMs' in deed ? 10 : 11)
      await admin.deleteTopics([topic])
      await fleet.fleet.topics.apply()
      const fresh = await publish(100, 130)
      // As a backup, or a runner that had not heard of the deletion yet, would leave it.
      await admin.commitNote(groupId, [{ tp, next: left?.next ?? 0, metadata: left?.metadata ?? '' }])
      await runUntil(() => expect(started().filter((n) => n >= 100)).toHaveLength(fresh.length))
    },
  )
})
