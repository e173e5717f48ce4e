import { setTimeout as sleep } from 'node:timers/promises'
import { decodeAny, groupIdOf, type TaskEvent, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import {
  assertKept,
  everyPromise,
  exactLedger,
  type History,
  keyOrder,
  noConcurrentKey,
  noDuplicates,
  noLoss,
  reruns,
} from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noteOf } from './commit-watch.ts'
import { createJournal } from './create-journal.ts'
import { deleteRecordsBefore } from './delete-records.ts'
import { allEnded, countingEnds } from './history.ts'
import type { Journal } from './journal.ts'
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
    const publish = (from: number, to: number, deed: Deed = {}, keyOf?: (n: number) => string): Promise<Published[]> =>
      Promise.all(
        Array.from({ length: to - from }, (_, i) =>
          fleet.send(type, work(from + i, deed), keyOf === undefined ? {} : { key: keyOf(from + i) }),
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

  /** Every promise, of every task but those that are gone with their records or skipped by order. */
  async function judge(
    fleet: TestFleet,
    journal: Journal,
    { published, gone = [] }: { readonly published: readonly Published[]; readonly gone?: readonly Published[] },
  ): Promise<void> {
    assertKept(...everyPromise(without(await fleet.history(type, published, journal), gone)))
  }

  async function stop(...runners: readonly RunnerProcess[]): Promise<void> {
    for (const runner of runners) runner.signal('SIGTERM')
    for (const runner of runners) expect(await runner.exited).toMatchObject({ code: 0 })
  }

  test('records deleted while nobody ran are told, those that had finished left out; work goes on at the log start', async () => {
    const { fleet, topic, admin, runUntil, publish, started, groupId, journal } = await bench(1)
    await using _ = fleet
    const pins = await publish(0, 1, { snoozeUntilMs: Date.now() + 600_000 }, () => 'pins the offset')
    const published = [...pins, ...(await publish(1, 10))]
    await runUntil(async () => expect(await fleet.ends(type)).toHaveLength(9))
    const [left] = await admin.committed(groupId, [{ topic, partition: 0 }])
    expect(noteOf({ next: left?.next ?? null, metadata: left?.metadata ?? '' })).toMatchObject({ base: 0, end: 10 })
    const later = await publish(10, 20)
    await deleteRecordsBefore(broker.brokers, { topic, partition: 0 }, 15)
    await runUntil(async () => expect(await fleet.ends(type)).toHaveLength(14))
    expect(await lostOf(fleet)).toEqual([{ topic, partition: 0, from: 0, to: 15, records: 6 }])
    const kept = later.filter(({ offset }) => offset >= 15).map(({ n }) => n)
    expect(started()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...kept].sort((a, b) => a - b))
    const gone = [...pins, ...later.filter(({ offset }) => offset < 15)]
    await judge(fleet, journal, { published: [...published, ...later], gone })
  })

  test('records deleted under running runners are told to the last one, and every other one runs', async () => {
    const { fleet, topic, runner, publish, started, journal } = await bench(2)
    await using _ = fleet
    await using first = await runner('first')
    await using second = await runner('second')
    await Promise.all([first.holds(1), second.holds(1)])
    const before = await publish(0, 20)
    await allEnded(fleet, type, before)
    const running = await publish(200, 210, { workMs: 700 }, (n) => `key-${n % 4}`)
    const inFlight = new Set(running.map(({ key }) => key)).size
    await vi.waitFor(() => expect(journal.of('started').length).toBeGreaterThanOrEqual(before.length + inFlight), WAIT)
    for (const each of [first, second]) each.signal('SIGSTOP')
    // A fetch that waits at the broker would take the next records along; it waits 250 ms at most.
    await sleep(500)
    const published = await publish(20, 120, {}, (n) => `key-${n % 4}`)
    const highest = (partition: number): number =>
      Math.max(...published.filter((task) => task.partition === partition).map(({ offset }) => offset))
    await Promise.all(
      [0, 1].map((partition) => deleteRecordsBefore(broker.brokers, { topic, partition }, highest(partition) - 4)),
    )
    for (const each of [first, second]) each.signal('SIGCONT')
    const all = [...before, ...running, ...published, ...(await publish(120, 140))]
    await vi.waitFor(async () => expect(await lostOf(fleet)).toHaveLength(2), WAIT)
    const lost = await lostOf(fleet)
    expect(lost.every(({ from, to, records }) => records === to - from)).toBe(true)
    const isLost = ({ partition, offset }: Published): boolean =>
      lost.some((range) => range.partition === partition && offset >= range.from && offset < range.to)
    const gone = all.filter(isLost)
    await allEnded(
      fleet,
      type,
      all.filter((task) => !isLost(task)),
    )
    expect(numbersOf(gone)).toEqual(numbersOf(all).filter((n) => !started().includes(n)))
    expect(lost.reduce((sum, { records }) => sum + records, 0)).toBe(gone.length)
    expect(gone.filter(({ n }) => n < 20 || (n >= 120 && n < 140))).toEqual([])
    assertKept(noDuplicates(journal.entries()))
    await judge(fleet, journal, { published: all, gone })
  })

  test('offsets that an operator sets back or forward are what runs; under running runners Kafka refuses it', async () => {
    const { fleet, topic, admin, runner, publish, started, groupId, journal } = await bench(2)
    await using _ = fleet
    const keyOf = (n: number): string => `key-${n % 8}`
    const runBoth = async (names: readonly string[], isDone: () => Promise<void>): Promise<void> => {
      const [one, other] = await Promise.all(names.map((name) => runner(name)))
      await using first = one as RunnerProcess
      await using second = other as RunnerProcess
      await vi.waitFor(isDone, WAIT)
      await Promise.all([first.holds(1), second.holds(1)])
      const refused = admin.commitNote(groupId, [{ tp: { topic, partition: 0 }, next: 0, metadata: '' }])
      await expect(refused).rejects.toMatchObject({ code: 'TOWLINE_GROUP_ACTIVE' })
      await stop(first, second)
    }
    const early = await publish(0, 60, {}, keyOf)
    await runBoth(['first', 'second'], () => allEnded(fleet, type, early))
    const late = await publish(60, 120, {}, keyOf)
    const [back, forward] = [3, Math.max(...late.map(({ partition, offset }) => partition * offset)) - 1]
    await admin.commitNote(groupId, [
      { tp: { topic, partition: 0 }, next: back, metadata: '' },
      { tp: { topic, partition: 1 }, next: forward, metadata: '' },
    ])
    const skipped = late.filter(({ partition, offset }) => partition === 1 && offset < forward)
    const ordered = early.filter(({ partition, offset }) => partition === 0 && offset >= back)
    expect(Math.min(skipped.length, ordered.length)).toBeGreaterThan(4)
    const published = [...early, ...late].filter((task) => !skipped.includes(task))

    await runBoth(['third', 'fourth'], async () => {
      const ends = await fleet.ends(type)
      assertKept(noLoss([...published, ...ends]))
      const twice = ordered.filter(({ taskId }) => ends.filter((end) => end.taskId === taskId).length < 2)
      expect(twice).toEqual([])
    })
    const again = reruns(journal.of('started'))
    expect(numbersOf(ordered).filter((n) => !again.some((rerun) => rerun.again.n === n))).toEqual([])
    expect(again.filter((rerun) => !rerun.again.mayHaveRun)).toEqual([])
    expect(numbersOf(skipped).filter((n) => started().includes(n))).toEqual([])
    // Their second ends stand in the log and do not count.
    const counting = countingEnds(await fleet.ends(type))
    expect(ordered.filter(({ taskId }) => !/first|second/.test(counting.get(`${taskId}/1`)?.runnerId ?? ''))).toEqual(
      [],
    )
    const left = await admin.committed(
      groupId,
      [0, 1].map((partition) => ({ topic, partition })),
    )
    const afterLast = (at: number): number =>
      Math.max(...late.filter(({ partition }) => partition === at).map(({ offset }) => offset + 1))
    expect(left.map(({ next }) => next)).toEqual([afterLast(0), afterLast(1)])
    // What the operator had run again was committed as finished before: that alone is not asked of it.
    const history = await fleet.history(type, published, journal)
    assertKept(exactLedger(history), keyOrder(history), noConcurrentKey(history))
    await judge(fleet, journal, { published, gone: ordered })
  }, 90_000)

  test('of a topic made anew while runners work on it, and longer than it was, nothing is skipped', async () => {
    const { fleet, topic, admin, runner, publish, journal } = await bench(2)
    await using _ = fleet
    await using first = await runner('first')
    await using second = await runner('second')
    await Promise.all([first.holds(1), second.holds(1)])
    const old = await publish(0, 20)
    await allEnded(fleet, type, old)
    const running = await publish(20, 32, { workMs: 4_000 }, (n) => `old-${n}`)
    await vi.waitFor(() => expect(journal.of('started')).toHaveLength(old.length + running.length), WAIT)
    await admin.deleteTopics([topic])
    await fleet.fleet.topics.apply()
    expect(journal.of('returned')).toHaveLength(old.length)
    const fresh = await publish(100, 160, {}, (n) => `fresh-${n % 20}`)
    const published = [...old, ...running, ...fresh]
    await vi.waitFor(async () => {
      const ended = new Set((await fleet.ends(type)).map(({ taskId }) => taskId))
      expect([...old, ...fresh].filter(({ taskId }) => !ended.has(taskId))).toEqual([])
      expect(journal.of('returned', 'threw')).toHaveLength(published.length)
    }, WAIT)
    await stop(first, second)
    // A deleted topic takes its tasks along: what ran may still end, and does not run again.
    assertKept(noDuplicates(journal.entries()))
    const ended = new Set((await fleet.ends(type)).map(({ taskId }) => taskId))
    await judge(fleet, journal, { published, gone: running.filter(({ taskId }) => !ended.has(taskId)) })
  })

  test.each([
    ['nothing unfinished', {}],
    ['a task unfinished', { snoozeUntilMs: Date.now() + 600_000 }],
  ])(
    'of a topic made anew while nobody ran, with a commit of the old one and %s, nothing is skipped',
    async (_, deed) => {
      const { fleet, topic, admin, runUntil, publish, groupId, started, journal } = await bench(1)
      await using _fleet = fleet
      const tp = { topic, partition: 0 }
      const old = await publish(0, 10)
      const last = await publish(10, 11, deed, () => 'last')
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
      const gone = 'snoozeUntilMs' in deed ? last : []
      await judge(fleet, journal, { published: [...old, ...last, ...fresh], gone })
    },
  )
})

/** What is left of a history where nothing is known of these tasks. */
function without(history: History, tasks: readonly Published[]): History {
  const ids = new Set(tasks.map(({ taskId }) => taskId))
  return history.filter((event) => !('taskId' in event && ids.has(event.taskId)))
}

function numbersOf(tasks: readonly Published[]): readonly number[] {
  return tasks.map(({ n }) => n).toSorted((a, b) => a - b)
}
