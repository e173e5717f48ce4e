import { assertKept, keyOrder, neverEarlyRetry, noDuplicates, noLoss } from '@towline/testing'
import { expect, test } from 'vitest'
import type { Random } from '../random.ts'
import { work, workType } from '../work.ts'
import { VirtualFleet } from './virtual-fleet.ts'

const DELAYS_MS = [2_000, 10_000, 30_000]
const AGENT = { retry: { delays: ['2s', '10s', '30s'], tiers: ['2s', '10s', '30s'], maxAttempts: 4 } }
const SEEDS = Array.from({ length: 20 }, (_, at) => at + 1)
const TASKS = 12
const LONGEST_JUMP_MS = 2 * 3_600_000
/** The sum of the delays, and every one of them once more for what a jump may cost it. */
const LONGEST_LIFE_MS = 2 * 42_000 + 10_000

const back = (random: Random): number => -random.below(LONGEST_JUMP_MS)
const anywhere = (random: Random): number => random.below(2 * LONGEST_JUMP_MS) - LONGEST_JUMP_MS

/** Tasks that fail 0 to 4 times, while the wall clock of all machines jumps every few seconds. */
async function live(seed: number, jumpMs: (random: Random) => number): Promise<VirtualFleet> {
  const fleet = await VirtualFleet.start({ seed, type: workType('jumps'), agent: AGENT, latencyMs: 5 })
  const runner = await fleet.startRunner('runner')
  for (let n = 0; n < TASKS; n += 1) {
    const key = fleet.random.below(2) === 0 ? null : `key-${fleet.random.below(3)}`
    await fleet.until(fleet.publish(work(n, { failAttempts: n % 5 }), key))
    await fleet.clock.advance(fleet.random.below(2_000))
    fleet.clock.jump(jumpMs(fleet.random))
  }
  const jumping = setJumping(fleet, jumpMs)
  // One key may hold all the keyed tasks up, one after another.
  await fleet.untilAllEnded(TASKS * LONGEST_LIFE_MS)
  jumping.stop()
  await fleet.until(runner.drain())
  return fleet
}

function setJumping(fleet: VirtualFleet, jumpMs: (random: Random) => number): { stop(): void } {
  let isOver = false
  const jump = (): void => {
    if (isOver) return
    fleet.clock.jump(jumpMs(fleet.random))
    fleet.clock.after(fleet.random.below(20_000), jump)
  }
  jump()
  return {
    stop: () => {
      isOver = true
    },
  }
}

async function neverLostNeverEndless(fleet: VirtualFleet): Promise<void> {
  const history = await fleet.history()
  assertKept(noLoss(history), noDuplicates(history), keyOrder(history))
  for (const { taskId, n } of fleet.published) {
    const end = fleet.ends.find((each) => each.taskId === taskId)
    const fails = n % 5
    expect({ n, end: end?.end, attempts: end?.result.attempts }).toEqual({
      n,
      end: fails < 4 ? 'succeeded' : 'dead-lettered',
      attempts: Math.min(4, fails + 1),
    })
  }
}

test.each(SEEDS)('P11: no retry is early, lost or endless while the wall clock is set back (seed %d)', async (seed) => {
  const fleet = await live(seed, back)
  await neverLostNeverEndless(fleet)
  assertKept(neverEarlyRetry(await fleet.history(), DELAYS_MS))
  await fleet.close()
})

test.each(SEEDS)('P11: no retry is lost or endless wherever the wall clock jumps (seed %d)', async (seed) => {
  const fleet = await live(seed, anywhere)
  await neverLostNeverEndless(fleet)
  await fleet.close()
})
