import { ManualClock } from '@towline/test-brokers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_WAIT_MS, tierFor, whenTierIsOver } from '../src/ladder.ts'

const DEFAULT_TIERS_MS = [5_000, 60_000, 600_000, 3_600_000]
const ladders = fc
  .uniqueArray(fc.integer({ min: 1, max: 7_200 }), { minLength: 0, maxLength: 4 })
  .map((seconds) => seconds.map((second) => second * 1_000).sort((a, b) => a - b))
const waits = fc.integer({ min: 0, max: MAX_WAIT_MS })

describe('choosing a tier', () => {
  test.each([
    [0, undefined],
    [4_999, undefined],
    [5_000, 5_000],
    [59_999, 5_000],
    [60_000, 60_000],
    [3_599_999, 600_000],
    [3_600_000, 3_600_000],
    [MAX_WAIT_MS, 3_600_000],
  ])('a wait of %d ms goes to the tier of %s', (delayMs, tierMs) => {
    expect(tierFor(DEFAULT_TIERS_MS, delayMs)).toBe(tierMs)
  })

  test('L1: the tier is the longest that is not above the wait', () =>
    fc.assert(
      fc.property(ladders, waits, (tiersMs, delayMs) => {
        const fitting = tiersMs.filter((tierMs) => tierMs <= delayMs)
        expect(tierFor(tiersMs, delayMs)).toBe(fitting.length === 0 ? undefined : Math.max(...fitting))
      }),
    ))
})

describe('when the wait in a tier is over', () => {
  const now = 1_700_000_000_000
  test.each([
    ['no due time', undefined, { kind: 'run' }],
    ['a due time that passed', now - 1, { kind: 'run' }],
    ['a due time of now', now, { kind: 'run' }],
    ['less than the shortest tier left', now + 4_999, { kind: 'wait', delayMs: 4_999 }],
    ['exactly the shortest tier left', now + 5_000, { kind: 'hop', tierMs: 5_000 }],
    ['more than a tier left', now + 61_000, { kind: 'hop', tierMs: 60_000 }],
  ])('with %s', (_what, dueAtMs, verdict) => {
    expect(whenTierIsOver(DEFAULT_TIERS_MS, dueAtMs, now)).toEqual(verdict)
  })

  test('without tiers the rest is waited out in the runner', () => {
    expect(whenTierIsOver([], now + 90_000, now)).toEqual({ kind: 'wait', delayMs: 90_000 })
  })
})

/** How long a tier holds a record: until append time + delay by the wall clock, asked once, and never longer than its delay. */
function remainingInTierMs(appendedAtMs: number, tierMs: number, nowMs: number): number {
  return Math.min(Math.max(appendedAtMs + tierMs - nowMs, 0), tierMs)
}

/** One task on its way down a ladder, as a runner moves it: the broker stamps, the runner reads late, clocks jump. */
function descend(
  tiersMs: readonly number[],
  dueAtMs: number | undefined,
  firstTierMs: number,
  clock: ManualClock,
  jumps: readonly number[],
): { readonly hops: number; readonly ranAtMs: number; readonly waitedMs: number } {
  // L2: each hop takes at least the shortest tier, and clocks set back give at most that much to wait again.
  const driftMs = jumps.reduce((sum, jump) => sum + Math.abs(jump), 0)
  const maxHops = ((dueAtMs ?? 0) - clock.nowMs() + driftMs) / (tiersMs[0] ?? 1) + jumps.length
  let tierMs = firstTierMs
  let hops = 0
  const startedMs = clock.monotonicMs()
  for (;;) {
    const appendedAtMs = clock.nowMs()
    clock.jump(jumps[hops] ?? 0)
    clock.advance(remainingInTierMs(appendedAtMs, tierMs, clock.nowMs()))
    const verdict = whenTierIsOver(tiersMs, dueAtMs, clock.nowMs())
    switch (verdict.kind) {
      case 'run':
        return { hops, ranAtMs: clock.nowMs(), waitedMs: clock.monotonicMs() - startedMs }
      case 'wait':
        clock.advance(verdict.delayMs)
        return { hops, ranAtMs: clock.nowMs(), waitedMs: clock.monotonicMs() - startedMs }
      case 'hop':
        tierMs = verdict.tierMs
        hops += 1
        if (hops > maxHops) throw new Error(`hop ${hops} of at most ${maxHops}: the ladder does not end`)
    }
  }
}

const ladderWithTier = ladders.filter((tiersMs) => tiersMs.length > 0)

test('L3: a task that hops down runs exactly when it is due while clocks are steady', () =>
  fc.assert(
    fc.property(ladderWithTier, fc.integer({ min: 0, max: 7_200_000 }), (tiersMs, delayMs) => {
      const clock = new ManualClock()
      const tierMs = tierFor(tiersMs, delayMs)
      fc.pre(tierMs !== undefined)
      const dueAtMs = clock.nowMs() + delayMs
      expect(descend(tiersMs, dueAtMs, tierMs ?? 0, clock, []).ranAtMs).toBe(dueAtMs)
    }),
  ))

test('L2, L3: whatever the wall clock does, the ladder ends, and never before the due time of that clock', () =>
  fc.assert(
    fc.property(
      ladderWithTier,
      fc.integer({ min: 5_000, max: 7_200_000 }),
      fc.array(fc.integer({ min: -600_000, max: 600_000 }), { maxLength: 5 }),
      (tiersMs, delayMs, jumps) => {
        const clock = new ManualClock()
        const tierMs = tierFor(tiersMs, delayMs)
        fc.pre(tierMs !== undefined)
        const dueAtMs = clock.nowMs() + delayMs
        const { ranAtMs } = descend(tiersMs, dueAtMs, tierMs ?? 0, clock, jumps)
        expect(ranAtMs).toBeGreaterThanOrEqual(dueAtMs)
      },
    ),
  ))

test('without a due time a task waits its tier and runs, and a clock that jumps back holds it no longer', () =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7_200 }), fc.integer({ min: -86_400_000, max: 0 }), (seconds, jump) => {
      const clock = new ManualClock()
      const { hops, waitedMs } = descend([seconds * 1_000], undefined, seconds * 1_000, clock, [jump])
      expect({ hops, waitedMs }).toEqual({ hops: 0, waitedMs: seconds * 1_000 })
    }),
  ))

test('a task from a tier that is no longer configured goes on through those that are', () => {
  const clock = new ManualClock()
  const dueAtMs = clock.nowMs() + 200_000
  expect(descend([7_000], dueAtMs, 90_000, clock, [])).toMatchObject({ ranAtMs: dueAtMs, hops: 15 })
})
