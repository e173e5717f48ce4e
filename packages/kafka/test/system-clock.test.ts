import { expect, test } from 'vitest'
import { systemClock } from '../src/system-clock.ts'

test('no timer fires before its time, by the wall clock or the monotonic one', async () => {
  const earliest = await Promise.all(
    Array.from({ length: 500 }, async (_, i) => {
      const delayMs = 20 + (i % 60) + (i % 10) / 10
      await new Promise<void>((resolve) => systemClock.after((i * 7) % 200, resolve))
      const [wallMs, monotonicMs] = [systemClock.nowMs(), systemClock.monotonicMs()]
      await new Promise<void>((resolve) => systemClock.after(delayMs, resolve))
      return Math.min(systemClock.nowMs() - wallMs, systemClock.monotonicMs() - monotonicMs) - Math.floor(delayMs)
    }),
  )
  expect(Math.min(...earliest)).toBeGreaterThanOrEqual(0)
})
