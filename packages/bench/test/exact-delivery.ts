import { expect } from 'vitest'
import type { BenchResult } from '../src/bench.ts'

/** Every contender delivered every one of its tasks exactly once, and there is something to compare. */
export function expectExactDelivery({ contenders, ratios }: BenchResult, records: number): void {
  expect(Object.keys(contenders).length).toBeGreaterThan(1)
  for (const { delivery } of Object.values(contenders)) {
    expect(delivery).toEqual({ expected: records, lost: 0, duplicated: 0, unknown: 0 })
  }
  expect(Object.keys(ratios).length).toBeGreaterThan(0)
  for (const ratio of Object.values(ratios)) expect(ratio).toBeGreaterThan(0)
}
