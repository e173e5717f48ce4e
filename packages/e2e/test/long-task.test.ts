import { partitionFor, topicNames } from '@towline/contracts'
import type { Runner } from '@towline/runner'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { assertKept, everyPromise } from '@towline/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createJournal } from './create-journal.ts'
import { allEnded } from './history.ts'
import type { Journal } from './journal.ts'
import { WAIT } from './runner-process.ts'
import { startRunner } from './start-runner.ts'
import { type Published, TestFleet } from './test-fleet.ts'
import { work, workType } from './work.ts'
import { workAgent } from './work-agent.ts'

const SESSION_MS = 6_000
const LONG_MS = 3 * SESSION_MS
/** A timer and the wall clock may differ by a millisecond. */
const WORK_MS = LONG_MS + 100

describe.each(testBrokers())('P6: a task of three sessions, on $name', ({ start }) => {
  const type = workType('long')
  let broker: RunningBroker

  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test('runs once, alone and while others join and leave', async () => {
    const [alone, joined] = await Promise.all([runAlone(), runWhileOthersJoin()])
    for (const { starts, end } of [alone, joined]) {
      expect(starts).toHaveLength(1)
      expect(end).toMatchObject({ end: 'succeeded', attempts: 1, mayHaveRun: false })
      expect((end?.finishedAt ?? 0) - (end?.startedAt ?? 0)).toBeGreaterThanOrEqual(LONG_MS)
    }
  }, 60_000)

  async function runAlone() {
    const journal = createJournal()
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)])
    await using _runner = await startRunner(fleet, journal)
    const task = await fleet.send(type, work(0, { workMs: WORK_MS }))
    return await outcome(fleet, journal, task)
  }

  async function runWhileOthersJoin() {
    const journal = createJournal('holder')
    await using fleet = await TestFleet.start(broker, [workAgent(type, journal)], { partitions: 4 })
    const { tasks } = topicNames(type.type, fleet.namespace)
    await using holder = await startRunner(fleet, journal)
    // The assigner leaves a member the lowest of what it holds: partition 0 stays with whoever had it.
    const key = Array.from({ length: 100 }, (_, i) => `key-${i}`).find(
      (text) => partitionFor(Buffer.from(text), 4) === 0,
    )
    const task = await fleet.send(type, work(0, { workMs: WORK_MS }), { key: key ?? '' })
    expect(task.partition).toBe(0)
    await vi.waitFor(() => expect(journal.of('started')).toHaveLength(1), WAIT)
    const others: Runner[] = []
    for (let member = 1; member <= 3; member += 1) {
      const other = journal.by(`other-${member}`)
      others.push(await startRunner(fleet, other))
      await vi.waitFor(() => expect(other.held(tasks).size).toBeGreaterThan(0), WAIT)
    }
    expect(journal.held(tasks)).toEqual(new Set([0]))
    for (const other of others) await other.drain()
    await vi.waitFor(() => expect(journal.held(tasks).size).toBe(4), WAIT)
    expect(journal.of('returned')).toEqual([])
    expect(holder.stats().running).toBe(1)
    return await outcome(fleet, journal, task)
  }

  async function outcome(fleet: TestFleet, journal: Journal, task: Published) {
    await allEnded(fleet, type, [task])
    assertKept(...everyPromise(await fleet.history(type, [task], journal)))
    const ends = await fleet.ends(type)
    expect(ends).toHaveLength(1)
    return { starts: journal.of('started'), end: ends[0]?.result }
  }
})
