import { groupIdOf, HEADER, headerText, topicNames } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, everyPromise, noDuplicates } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { noteOf } from './commit-watch.ts'
import { createJournal } from './create-journal.ts'
import { allEnded, countingEnds } from './history.ts'
import { RunnerProcess, WAIT } from './runner-process.ts'
import { startRunner } from './start-runner.ts'
import { TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

/** A retry may be late by the pace of fetches and the load of the machine; it may never be early. */
const LATE_MS = 5_000

describe.each(testBrokers())('P11: retries, on $name', ({ start }) => {
  const type = workType('retried')
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test('a retry starts no earlier than the append to its tier plus the delay of the tier', async () => {
    const journal = createJournal()
    const agent = workAgent(type, journal, { retry: { delays: ['1s', '2s'], tiers: ['1s', '2s'] } })
    await using fleet = await TestFleet.start(broker, [agent])
    await using _runner = await startRunner(fleet, journal)
    const published = await Promise.all(
      Array.from({ length: 30 }, (_, n) => fleet.send(type, work(n, { workMs: (n * 13) % 300, failAttempts: 2 }))),
    )
    await allEnded(fleet, type, published)
    const startedAtMs = new Map(
      journal.of('started').map(({ taskId, attempt, atMs }) => [`${taskId}#${attempt}`, atMs]),
    )
    for (const [tierMs, attempt] of [
      [1_000, 2],
      [2_000, 3],
    ] as const) {
      const records = await fleet.records(topicNames(type.type, fleet.namespace).retry(tierMs))
      expect(records).toHaveLength(30)
      for (const { headers, timestampMs } of records) {
        expect(headerText(headers, HEADER.attempt)).toBe(String(attempt))
        const waitedMs = (startedAtMs.get(`${headerText(headers, HEADER.ceId)}#${attempt}`) ?? 0) - timestampMs
        expect(waitedMs).toBeGreaterThanOrEqual(tierMs)
        expect(waitedMs).toBeLessThan(tierMs + LATE_MS)
      }
    }
    const ends = [...countingEnds(await fleet.ends(type)).values()]
    expect(ends.every(({ end, attempts }) => end === 'succeeded' && attempts === 3)).toBe(true)
    const history = await fleet.history(type, published, journal)
    assertKept(noDuplicates(history), ...everyPromise(history, { delaysMs: [1_000, 2_000] }))
  })

  test('a delay between two tiers hops down from tier to tier and is never cut short', async () => {
    const journal = createJournal()
    const agent = workAgent(type, journal, { retry: { delays: ['6s'], tiers: ['1s', '3s'] } })
    await using fleet = await TestFleet.start(broker, [agent])
    await using _runner = await startRunner(fleet, journal)
    const published = [await fleet.send(type, work(0, { failAttempts: 1 }))]
    await allEnded(fleet, type, published)
    const { retry } = topicNames(type.type, fleet.namespace)
    const [inLonger, inShorter] = [await fleet.records(retry(3_000)), await fleet.records(retry(1_000))]
    expect(inLonger).toHaveLength(1)
    // Three seconds less what the first wait was late: two hops through the same tier, or one.
    expect(inShorter.length).toBeGreaterThanOrEqual(1)
    const failedAtMs = journal.of('threw')[0]?.atMs ?? Number.NaN
    const dueAtMs = Number(headerText(inLonger[0]?.headers ?? {}, HEADER.dueAt))
    expect(dueAtMs).toBeGreaterThanOrEqual(failedAtMs + 6_000)
    assertKept(...everyPromise(await fleet.history(type, published, journal), { delaysMs: [6_000] }))
    const again = journal.of('started').find(({ attempt }) => attempt === 2)
    expect(again?.atMs).toBeGreaterThanOrEqual(dueAtMs)
    expect(again?.atMs).toBeLessThan(dueAtMs + LATE_MS)
  })

  test('a task that always fails is run exactly maxAttempts times, through restarts of its runner', async () => {
    const journal = createJournal()
    const agent = workAgent(type, journal, { retry: { delays: ['1s'], tiers: ['1s'], maxAttempts: 3 } })
    await using fleet = await TestFleet.start(broker, [agent])
    const published = await Promise.all(
      Array.from({ length: 5 }, (_, n) => fleet.send(type, work(n, { failAttempts: 99 }))),
    )
    for (const attempt of [1, 2, 3]) {
      await using _runner = await startRunner(fleet, journal)
      await vi.waitFor(() => {
        expect(journal.of('threw').filter((entry) => entry.attempt === attempt)).toHaveLength(5)
      }, WAIT)
    }
    await allEnded(fleet, type, published)
    for (const { taskId } of published) {
      const attempts = journal
        .of('started')
        .filter((entry) => entry.taskId === taskId)
        .map(({ attempt }) => attempt)
      expect(attempts).toEqual([1, 2, 3])
    }
    assertKept(...everyPromise(await fleet.history(type, published, journal), { delaysMs: [1_000] }))
    const ends = [...countingEnds(await fleet.ends(type)).values()]
    const exhausted = { end: 'dead-lettered', reason: 'attempts-exhausted', attempts: 3 }
    expect(ends).toEqual(published.map(() => expect.objectContaining(exhausted)))
  })

  test('attempts of a parked key are counted on by whoever takes over from a killed runner', async () => {
    const journal = createJournal()
    const agent = { retry: { delays: ['2s'], maxAttempts: 4 } }
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal, agent)], { partitions: 1 })
    const { tasks: topic } = topicNames(type.type, fleet.namespace)
    const of = { type: type.type, agent, journal }
    await using first = await RunnerProcess.start(fleet, { ...of, name: 'first' })
    const published = [
      await fleet.send(type, work(0, { failAttempts: 99 }), { key: 'one' }),
      await fleet.send(type, work(1), { key: 'one' }),
    ]
    const admin = await fleet.fleet.admin()
    await vi.waitFor(async () => {
      const [committed] = await admin.committed(groupIdOf(topic), [{ topic, partition: 0 }])
      const note = noteOf({ next: committed?.next ?? null, metadata: committed?.metadata ?? '' })
      expect(note?.unfinished).toContainEqual({ offset: 0, attempts: 2, deliveries: 0, started: false })
    }, WAIT)
    await first.killAndBury()
    await using _second = await RunnerProcess.start(fleet, { ...of, name: 'second' })
    await allEnded(fleet, type, published)
    const started = journal.of('started').map(({ n, attempt, runner }) => ({ n, attempt, runner }))
    expect(started).toEqual([
      { n: 0, attempt: 1, runner: 'first' },
      { n: 0, attempt: 2, runner: 'first' },
      { n: 0, attempt: 3, runner: 'second' },
      { n: 0, attempt: 4, runner: 'second' },
      { n: 1, attempt: 1, runner: 'second' },
    ])
    assertKept(...everyPromise(await fleet.history(type, published, journal), { delaysMs: [2_000] }))
    const ends = countingEnds(await fleet.ends(type))
    const exhausted = { end: 'dead-lettered', reason: 'attempts-exhausted', attempts: 4 }
    expect(ends.get(`${published[0]?.taskId}/1`)).toMatchObject(exhausted)
  })

  test('a tier that is configured no longer is emptied all the same', async () => {
    const journal = createJournal()
    const before = workAgent(type, journal, { retry: { delays: ['2s'], tiers: ['2s'] } })
    const now = workAgent(type, journal, { retry: { delays: ['1s'], tiers: ['1s'] } })
    await using old = await TestFleet.start(broker, [before])
    const published = await Promise.all(
      Array.from({ length: 4 }, (_, n) => old.send(type, work(n, { failAttempts: 1 }))),
    )
    const { retry } = topicNames(type.type, old.namespace)
    {
      await using _runner = await startRunner(old, journal)
      await vi.waitFor(async () => expect(await old.records(retry(2_000))).toHaveLength(4), WAIT)
    }
    expect(journal.of('started')).toHaveLength(4)
    await using fleet = await TestFleet.start(broker, [now], { namespace: old.namespace })
    await using _runner = await startRunner(fleet, journal)
    await allEnded(fleet, type, published)
    expect(await fleet.records(retry(1_000))).toEqual([])
    const ends = [...countingEnds(await fleet.ends(type)).values()]
    expect(ends.every(({ end, attempts }) => end === 'succeeded' && attempts === 2)).toBe(true)
  })

  test('a deferral waits as long as it was told and spends no attempt', async () => {
    const journal = createJournal()
    const agent = workAgent(type, journal, { retry: { tiers: ['1s'], maxAttempts: 1 } })
    await using fleet = await TestFleet.start(broker, [agent])
    await using _runner = await startRunner(fleet, journal)
    const untilMs = Date.now() + 3_500
    const published = await Promise.all([
      fleet.send(type, work(0, { snoozeUntilMs: untilMs })),
      fleet.send(type, work(1, { snoozeUntilMs: untilMs }), { key: 'a' }),
      fleet.send(type, work(2, { rateLimitedUntilMs: untilMs })),
      fleet.send(type, work(3, { rateLimitedUntilMs: untilMs }), { key: 'b' }),
    ])
    await allEnded(fleet, type, published)
    const ends = [...countingEnds(await fleet.ends(type)).values()]
    expect(ends.every(({ end, attempts }) => end === 'succeeded' && attempts === 1)).toBe(true)
    expect(journal.of('started').every(({ attempt }) => attempt === 1)).toBe(true)
    for (const n of [0, 1]) expect(journal.of('started').filter((entry) => entry.n === n)).toHaveLength(2)
    for (const n of [2, 3]) expect(journal.of('started').filter((entry) => entry.n === n).length).toBeGreaterThan(3)
    for (const { atMs } of journal.of('returned')) expect(atMs).toBeGreaterThanOrEqual(untilMs)
    // The unkeyed snooze waited in a tier, the keyed one held its key here.
    const inTier = await fleet.records(topicNames(type.type, fleet.namespace).retry(1_000))
    expect(new Set(inTier.map(({ headers }) => headerText(headers, HEADER.ceId)))).toEqual(
      new Set([published[0]?.taskId]),
    )
  })

  test('a task past its deadline is expired: no attempt starts, in its tier neither', async () => {
    const journal = createJournal()
    const agent = workAgent(type, journal, { retry: { delays: ['1s'], tiers: ['1s'] } })
    await using fleet = await TestFleet.start(broker, [agent])
    const past = { [HEADER.deadline]: String(Date.now() - 1) }
    const soon = { [HEADER.deadline]: String(Date.now() + 60_000) }
    const late = await fleet.send(type, work(0), { headers: past })
    const inTime = await fleet.send(type, work(1), { headers: soon })
    await using _runner = await startRunner(fleet, journal)
    await allEnded(fleet, type, [late, inTime])
    const failing = await fleet.send(type, work(2, { failAttempts: 1 }), {
      headers: { [HEADER.deadline]: String(Date.now() + 900) },
    })
    await allEnded(fleet, type, [late, inTime, failing])
    const ends = countingEnds(await fleet.ends(type))
    expect(ends.get(`${late.taskId}/1`)).toMatchObject({ end: 'expired', attempts: 0, startedAt: null })
    expect(ends.get(`${inTime.taskId}/1`)).toMatchObject({ end: 'succeeded', attempts: 1 })
    expect(ends.get(`${failing.taskId}/1`)).toMatchObject({ end: 'expired', attempts: 1 })
    expect(journal.of('started').map(({ n }) => n)).toEqual([1, 2])
  })
})
