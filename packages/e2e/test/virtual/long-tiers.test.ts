import { assertKept, keyOrder, neverEarlyRetry, noDuplicates, noLoss } from '@towline/testing'
import { expect, test } from 'vitest'
import { work, workType } from '../work.ts'
import { VirtualFleet } from './virtual-fleet.ts'

const HOUR_MS = 3_600_000
const LADDER_MS = [5_000, 60_000, 600_000, HOUR_MS]
/** What the way through tiers takes beside the waits. */
const TRAVEL_MS = 5_000

test('P11: the default ladder of 5 s, 1 m, 10 m and 1 h is climbed to its end, at its pace', async () => {
  const fleet = await VirtualFleet.start({ seed: 1, type: workType('ladder') })
  const runner = await fleet.startRunner('runner')
  const startedMs = fleet.clock.monotonicMs()
  await fleet.until(fleet.publish(work(1, { failAttempts: 4 })))
  await fleet.until(fleet.publish(work(2, { failAttempts: 99 })))
  await fleet.untilAllEnded()
  const waitsMs = LADDER_MS.reduce((sum, waitMs) => sum + waitMs, 0)
  const tookMs = fleet.clock.monotonicMs() - startedMs
  expect(tookMs).toBeGreaterThanOrEqual(waitsMs)
  expect(tookMs).toBeLessThan(waitsMs + TRAVEL_MS)

  const history = await fleet.history()
  assertKept(noLoss(history), noDuplicates(history), keyOrder(history), neverEarlyRetry(history, LADDER_MS))
  const ends = fleet.ends.map(({ end, result }) => `${end} after ${result.attempts}`)
  expect(ends.toSorted()).toEqual(['dead-lettered after 5', 'succeeded after 5'])
  await fleet.until(runner.drain())
  await fleet.close()
})

test('P11: a snooze of two and a half hours comes down the ladder, spends no attempt, and is not early', async () => {
  const fleet = await VirtualFleet.start({ seed: 2, type: workType('snooze') })
  const runner = await fleet.startRunner('runner')
  const snoozeUntilMs = fleet.clock.nowMs() + 2.5 * HOUR_MS
  await fleet.until(fleet.publish(work(1, { snoozeUntilMs })))
  await fleet.untilAllEnded()
  expect(fleet.ends.map(({ end, result }) => ({ end, attempts: result.attempts }))).toEqual([
    { end: 'succeeded', attempts: 1 },
  ])
  const starts = fleet.journal.entries.filter(({ kind }) => kind === 'started').map(({ atMs }) => atMs)
  expect(starts).toHaveLength(2)
  expect(starts[1]).toBeGreaterThanOrEqual(snoozeUntilMs)
  expect(starts[1]).toBeLessThan(snoozeUntilMs + TRAVEL_MS)
  await fleet.until(runner.drain())
  await fleet.close()
})

test('P11: a retry that waits in its runner is not early where another runner takes it over', async () => {
  const agent = { retry: { delays: ['20s'], tiers: ['5s'], maxAttempts: 3 } }
  const fleet = await VirtualFleet.start({ seed: 3, type: workType('parked'), agent })
  const first = await fleet.startRunner('first')
  await fleet.until(fleet.publish(work(1, { failAttempts: 1 }), 'key'))
  const hasParked = (): boolean => fleet.journal.entries.some(({ kind }) => kind === 'parked')
  await fleet.clock.advanceUntil(hasParked, 10_000)
  await fleet.clock.advance(1_000) // long enough for a commit that says so
  first.freeze()
  await fleet.until(fleet.bury('first'))
  const second = await fleet.startRunner('second')
  await fleet.untilAllEnded(60_000)
  const history = await fleet.history()
  assertKept(noLoss(history), noDuplicates(history), neverEarlyRetry(history, [20_000]))
  expect(fleet.ends.map(({ end, runner, result }) => ({ end, runner, attempts: result.attempts }))).toEqual([
    { end: 'succeeded', runner: 'second', attempts: 2 },
  ])
  await fleet.until(second.drain())
  await fleet.close()
})
