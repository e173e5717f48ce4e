import { newTaskId } from '@towline/contracts'
import { expect, test } from 'vitest'
import { RecentFinishes } from '../src/recent-finishes.ts'

const [T, A, B, C, D] = Array.from({ length: 5 }, () => newTaskId()) as [string, string, string, string, string]

test('knows a run that finished, and earlier runs of the same task', () => {
  const recent = new RecentFinishes(10)
  recent.add(T, 1, 2)
  expect(recent.has({ taskId: T, life: 1, attempt: 1 })).toBe(true)
  expect(recent.has({ taskId: T, life: 1, attempt: 2 })).toBe(true)
  expect(recent.has({ taskId: T, life: 1, attempt: 3 })).toBe(false)
  expect(recent.has({ taskId: T, life: 2, attempt: 1 })).toBe(false)
})

test('knows every attempt of a life that ended, and none of the next', () => {
  const recent = new RecentFinishes(10)
  recent.add(T, 1, 'ended')
  recent.add(T, 1, 1)
  expect(recent.has({ taskId: T, life: 1, attempt: 99 })).toBe(true)
  expect(recent.has({ taskId: T, life: 2, attempt: 1 })).toBe(false)
})

test('forgets the oldest task beyond its capacity, and only that', () => {
  const recent = new RecentFinishes(3)
  for (const taskId of [A, B, C, D]) recent.add(taskId, 1, 'ended')
  expect(recent.size).toBe(3)
  expect(recent.has({ taskId: A, life: 1, attempt: 1 })).toBe(false)
  for (const taskId of [B, C, D]) expect(recent.has({ taskId, life: 1, attempt: 1 })).toBe(true)
})
