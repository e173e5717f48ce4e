import { expect } from 'vitest'
import type { BenchResult } from '../src/bench.ts'
import { TIMERS_ALONE } from '../src/benches/keyed.ts'

/** Every contender delivered every one of its tasks exactly once, and what is compared can be. */
export function expectExactDelivery({ contenders, ratios, bars }: BenchResult, records: number): void {
  const delivering = Object.entries(contenders).filter(([name]) => name !== TIMERS_ALONE)
  expect(delivering.length).toBeGreaterThan(0)
  for (const [, { delivery }] of delivering) {
    expect(delivery).toEqual({ expected: records, lost: 0, duplicated: 0, unknown: 0 })
  }
  for (const ratio of Object.values(ratios)) expect(ratio).toBeGreaterThan(0)
  for (const { value } of bars) expect(value).not.toBeNaN()
}
