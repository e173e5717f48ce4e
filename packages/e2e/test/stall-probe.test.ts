import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { StallProbe } from './stall-probe.ts'

test('tells how much of a time it could not run', async () => {
  await using probe = await StallProbe.start()
  const { pid = 0 } = probe
  const stoppedAtMs = Date.now()
  process.kill(pid, 'SIGSTOP')
  await sleep(400) // how long the machine stands still, for all that the probe can tell
  process.kill(pid, 'SIGCONT')
  const wokenAtMs = Date.now()
  await vi.waitFor(async () => {
    const stalledMs = await probe.stalledMs(stoppedAtMs, wokenAtMs)
    expect(stalledMs).toBeGreaterThan(300)
    expect(stalledMs).toBeLessThanOrEqual(wokenAtMs - stoppedAtMs)
  })
  expect(await probe.stalledMs(stoppedAtMs - 2_000, stoppedAtMs - 1_000)).toBe(0)
  expect(await probe.stalledMs(wokenAtMs - 100, wokenAtMs)).toBeLessThanOrEqual(100)
})
