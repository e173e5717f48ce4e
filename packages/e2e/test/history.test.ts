import type { TaskResult } from '@towline/contracts'
import { expect, test } from 'vitest'
import {
  countingEnds,
  orderViolations,
  overlaps,
  reruns,
  unaccounted,
  unjustifiedReruns,
  unmarkedReruns,
} from './history.ts'
import type { JournalEntry } from './journal.ts'
import type { EndRecord, Published } from './test-fleet.ts'

// The proofs rest on these checks: each must tell a history that breaks its promise.

const X = '01a20c90-64b1-73a8-9e7e-933b2ac9587a'
const Y = '01a20c90-64b1-73a8-9e7e-9559fbf9df95'
const place = { topic: 'tasks', partition: 0 }

function published(taskId: string, offset: number): Published {
  return { ...place, taskId, offset, n: offset, key: 'one' }
}

function end(taskId: string, runnerId = 'a'): EndRecord {
  return { life: `${taskId}/1`, result: { taskId, life: 1, runnerId } as TaskResult }
}

function started(taskId: string, by: string, atMs: number, mayHaveRun = false): JournalEntry {
  return { kind: 'started', taskId, life: 1, attempt: 1, n: 0, key: 'one', mayHaveRun, runner: by, atMs }
}

function returned(taskId: string, by: string, atMs: number): JournalEntry {
  return { kind: 'returned', taskId, life: 1, attempt: 1, n: 0, key: 'one', runner: by, atMs }
}

function ended(taskId: string, by: string, atMs: number): JournalEntry {
  return { kind: 'ended', ...place, taskId, life: 1, attempt: 1, offset: 0, runner: by, atMs }
}

function committed(by: string, atMs: number, durationMs = 5): JournalEntry {
  return { kind: 'committed', topic: 'tasks', durationMs, runner: by, atMs }
}

test('the first end of a life counts', () => {
  expect(countingEnds([end(X, 'first'), end(X, 'second')]).get(`${X}/1`)?.runnerId).toBe('first')
})

test('tells a task without an end, and an end without a task', () => {
  expect(unaccounted([published(X, 0)], [end(X)])).toEqual([])
  expect(unaccounted([published(X, 0)], [])).toHaveLength(1)
  expect(unaccounted([], [end(X)])).toHaveLength(1)
})

test('an attempt that ran again is justified while no commit that began after its end was confirmed', () => {
  const late = [
    started(X, 'a', 0),
    returned(X, 'a', 10),
    ended(X, 'a', 20),
    committed('a', 30, 15),
    started(X, 'b', 40, true),
  ]
  expect(reruns(late)).toHaveLength(1)
  expect(unjustifiedReruns(late)).toEqual([])
  const covered = [started(X, 'a', 0), ended(X, 'a', 20), committed('a', 50, 5), started(X, 'b', 60, true)]
  expect(unjustifiedReruns(covered)).toHaveLength(1)
  const lost: JournalEntry = { kind: 'lost', ...place, runner: 'a', atMs: 22 }
  for (const held of [
    [ended(X, 'a', 20), lost],
    [lost, ended(X, 'a', 23)],
  ]) {
    expect(unjustifiedReruns([started(X, 'a', 0), ...held, committed('a', 50), started(X, 'b', 60, true)])).toEqual([])
  }
})

test('tells a second run that is not marked', () => {
  expect(unmarkedReruns([started(X, 'a', 0), started(X, 'b', 60, true)])).toEqual([])
  expect(unmarkedReruns([started(X, 'a', 0), started(X, 'b', 60, false)])).toHaveLength(1)
})

test('tells a task that first succeeded after a later one of its lane', () => {
  const tasks = [published(X, 0), published(Y, 1)]
  const keyOf = ({ key }: Published): string | null => key
  expect(orderViolations(tasks, [returned(X, 'a', 0), returned(Y, 'a', 1), returned(X, 'b', 2)], keyOf)).toEqual([])
  expect(orderViolations(tasks, [returned(Y, 'a', 0), returned(X, 'a', 1)], keyOf)).toHaveLength(1)
})

test('tells two tasks of a lane that ran at the same time in one runner', () => {
  const keyOf = ({ key }: { key: string | null }): string | null => key
  const inTurn = [started(X, 'a', 0), returned(X, 'a', 1), started(Y, 'a', 2), started(X, 'b', 3)]
  expect(overlaps(inTurn, keyOf)).toEqual([])
  expect(overlaps([started(X, 'a', 0), started(Y, 'a', 1)], keyOf)).toHaveLength(1)
})
