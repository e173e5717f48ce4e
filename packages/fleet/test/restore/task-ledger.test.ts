import type { TaskEnvelope } from '@towline/contracts'
import { expect, test } from 'vitest'
import { TaskLedger } from '../../src/restore/task-ledger.ts'

const TASKS = { topic: 'digest.tasks', partition: 0 }
const TIER = { topic: 'digest.retry.5s', partition: 0 }
const SHORT = { topic: 'digest.retry.1s', partition: 0 }

function envelope(taskId: string, more: Partial<TaskEnvelope> = {}): TaskEnvelope {
  return { taskId, key: null, life: 1, attempt: 1, origin: { ...TASKS, offset: 0 }, queuedAtMs: 50, ...more }
}

function ledgerOf(): { ledger: TaskLedger; add: (at: string, task: TaskEnvelope, timestampMs?: number) => void } {
  const ledger = new TaskLedger()
  const add = (at: string, task: TaskEnvelope, timestampMs = 100): void => {
    const [topic = '', offset] = at.split('@')
    ledger.add(
      { tp: { topic, partition: 0 }, offset: Number(offset), timestampMs, isTier: topic.includes('retry') },
      task,
    )
  }
  return { ledger, add }
}

const finished = (ledger: TaskLedger, tp: typeof TASKS): boolean[] => ledger.of(tp).map(({ isFinished }) => isFinished)

test('a task is finished when its life has an end, and not by the end of another life', () => {
  const { ledger, add } = ledgerOf()
  add('digest.tasks@0', envelope('a'))
  add('digest.tasks@1', envelope('a', { life: 2 }))
  add('digest.tasks@2', envelope('b'))
  expect(ledger.unended).toBe(3)
  ledger.addEnd('a', 1)
  ledger.addEnd('a', 1)
  ledger.addEnd('nobody', 1)
  expect(ledger.unended).toBe(2)
  expect(finished(ledger, TASKS)).toEqual([true, false, false])
  expect([ledger.knows('a'), ledger.knows('nobody')]).toEqual([true, false])
})

test('a task that moved on is left to do only where it went last', () => {
  const { ledger, add } = ledgerOf()
  add('digest.retry.1s@0', envelope('a', { attempt: 2 }), 900) // it hopped down
  add('digest.retry.5s@0', envelope('a', { attempt: 2 }), 300)
  add('digest.tasks@0', envelope('a'))
  add('digest.retry.5s@1', envelope('b'), 400) // deferred: no attempt was spent
  add('digest.tasks@1', envelope('b'))
  add('digest.retry.5s@2', envelope('b'), 500) // a move repeated after a crash
  expect(finished(ledger, TASKS)).toEqual([true, true])
  expect(finished(ledger, TIER)).toEqual([true, true, false])
  expect(finished(ledger, SHORT)).toEqual([false])
})

test('of a publish that was repeated the first record stays to do', () => {
  const { ledger, add } = ledgerOf()
  add('digest.tasks@0', envelope('a'))
  add('digest.tasks@5', envelope('a'))
  expect(finished(ledger, TASKS)).toEqual([false, true])
})

test('no end is older than the earliest of its records and their first publish', () => {
  const { ledger, add } = ledgerOf()
  expect(ledger.earliestMs).toBe(Number.POSITIVE_INFINITY)
  add('digest.tasks@0', envelope('a', { queuedAtMs: 300 }), 200)
  expect(ledger.earliestMs).toBe(200)
  add('digest.retry.5s@0', envelope('b', { queuedAtMs: 90, attempt: 2 }), 900)
  expect(ledger.earliestMs).toBe(90)
})
