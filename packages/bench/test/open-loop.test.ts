import { expect, test } from 'vitest'
import { openLoop } from '../src/measure/open-loop.ts'

test('fires every call at its due time or later, in order, also those that a busy process delayed', async () => {
  const fired: { n: number; dueMs: number; lateMs: number }[] = []
  const now = (): number => performance.now()
  await openLoop(
    { ratePerSecond: 1_000, count: 60 },
    (n, dueMs) => {
      fired.push({ n, dueMs, lateMs: now() - dueMs })
      if (n === 10) while (now() < dueMs + 30); // a stall: the next thirty come late
    },
    now,
  )
  expect(fired.map(({ n }) => n)).toEqual(Array.from({ length: 60 }, (_, n) => n))
  expect(fired.every(({ lateMs }) => lateMs >= 0)).toBe(true)
  expect(fired[11]?.lateMs).toBeGreaterThan(25)
  const first = fired[0]?.dueMs ?? 0
  expect(fired.map(({ dueMs }) => Math.round(dueMs - first))).toEqual(fired.map(({ n }) => n))
})
