import { expect, test } from 'vitest'
import { percentile, summarise } from '../src/measure/summary.ts'

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[7], 7],
])('the median of %j is %d, whatever the order', (values, median) => {
  const summary = summarise(values)
  expect(summary.median).toBe(median)
  expect([summary.min, summary.max]).toEqual([Math.min(...values), Math.max(...values)])
  expect(summary.rounds).toEqual(values)
})

test('a percentile is a value that occurred, the smallest that enough of them do not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n)
  expect([0.5, 0.99, 1].map((fraction) => percentile(hundred, fraction))).toEqual([50, 99, 100])
})
