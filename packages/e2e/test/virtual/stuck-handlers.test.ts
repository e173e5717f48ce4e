import { expect, test } from 'vitest'
import { work, workType } from '../work.ts'
import { VirtualFleet } from './virtual-fleet.ts'

const HOUR_MS = 3_600_000
const TIMEOUT_MS = 60_000
const ABORT_GRACE_MS = 5_000
/** How long a runner is frozen: past its session. */
const FROZEN_MS = 15_000

test('a runner whose handlers outlive their partition, their abort and their time drains, rather than running out of permits', async () => {
  const agent = { concurrency: 10, timeout: '1m', abortGrace: '5s' }
  const fleet = await VirtualFleet.start({ seed: 1, type: workType('stuck'), agent })
  for (const n of [0, 1]) await fleet.until(fleet.publish(work(n, { workMs: HOUR_MS, ignoresAbort: true })))
  const runner = await fleet.startRunner('runner')
  const has = (kind: string, count: number) => (): boolean =>
    fleet.journal.entries.filter((entry) => entry.kind === kind).length >= count
  await fleet.clock.advanceUntil(has('started', 2), 10_000)
  const startedMs = fleet.clock.monotonicMs()
  runner.freeze()
  await fleet.clock.advance(FROZEN_MS)
  runner.thaw()
  await fleet.clock.advanceUntil(has('started', 4), 20_000) // the partitions were lost, and came back
  await fleet.clock.advanceUntil(() => runner.state !== 'running', HOUR_MS)
  // Those that run again are not overdue before their own time.
  expect(fleet.clock.monotonicMs() - startedMs).toBe(TIMEOUT_MS + ABORT_GRACE_MS)
  await fleet.clock.advanceUntil(() => runner.state === 'failed', 60_000)
  await fleet.close()
})
