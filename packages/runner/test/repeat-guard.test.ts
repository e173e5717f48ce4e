import type { TaskEnvelope } from '@towline/contracts'
import { settle, VirtualClock } from '@towline/kafka/memory'
import { describe, expect, test } from 'vitest'
import { RepeatGuard } from '../src/repeat-guard.ts'
import type { TaskSlot } from '../src/task-slot.ts'

function guardOf(isTier: boolean, finished: readonly TaskEnvelope[] = []): RepeatGuard {
  const clock = new VirtualClock()
  return new RepeatGuard({
    clock,
    dedupeCapacity: 100,
    idempotencyRecords: 100,
    isTier,
    finishedBelow: async () => finished,
  })
}

function slot(attempt: number, idempotencyKey?: string): TaskSlot {
  const envelope = { taskId: 'x', life: 1, attempt, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) }
  return { envelope, attempt } as TaskSlot
}

describe.each([
  { where: 'a tasks topic', isTier: false },
  { where: 'a tier', isTier: true },
])('in $where', ({ isTier }) => {
  test('an attempt that was spent and a life that ended are not run again', () => {
    const guard = guardOf(isTier)
    guard.remember(slot(2).envelope, 2)
    expect([1, 2, 3].map((attempt) => guard.isRepeat(slot(attempt)))).toEqual([true, true, false])
    guard.remember(slot(3).envelope, 'ended')
    expect(guard.isRepeat(slot(4))).toBe(true)
  })
})

test('G1: a task that left a tier as the same attempt may come back to it; one that left its tasks topic does not', () => {
  for (const isTier of [true, false]) {
    const guard = guardOf(isTier)
    guard.rememberUnspent(slot(1).envelope, 1)
    expect(guard.isRepeat(slot(1))).toBe(!isTier)
  }
})

test('G1: tasks with an idempotency key wait for the log of their tasks topic, and never for that of a tier', async () => {
  const tasks = guardOf(false, [slot(1, 'order').envelope])
  expect(tasks.mustWait(slot(1, 'order'))).toBe(true)
  tasks.readLog(10, () => {})
  await settle()
  expect(tasks.mustWait(slot(1, 'order'))).toBe(false)
  expect(tasks.isRepeat(slot(1, 'order'))).toBe(true)
  expect(guardOf(true).mustWait(slot(1, 'order'))).toBe(false)
})
