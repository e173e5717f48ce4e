import fc from 'fast-check'
import { expect, test } from 'vitest'
import { medianSlope } from '../src/measure/slope.ts'

test('finds the slope of a line, whatever its points', () => {
  const points = fc.uniqueArray(fc.integer({ min: -100, max: 100 }), { minLength: 2, maxLength: 20 })
  const line = fc.record({ slope: fc.integer({ min: -9, max: 9 }), from: fc.integer({ min: -9, max: 9 }) })
  fc.assert(
    fc.property(points, line, (xs, { slope, from }) => {
      expect(medianSlope(xs.map((x) => ({ x, y: from + slope * x })))).toBeCloseTo(slope)
    }),
  )
})

test('a sawtooth that does not rise is flat, one that rises is not, and outliers change neither', () => {
  const sawtooth = (risePerTooth: number) =>
    Array.from({ length: 200 }, (_, x) => ({ x, y: (x % 10) + (x === 150 ? 1_000 : 0) + (x / 10) * risePerTooth }))
  expect(Math.abs(medianSlope(sawtooth(0)))).toBeLessThan(0.01)
  expect(medianSlope(sawtooth(2))).toBeCloseTo(0.2, 1)
})

test('one point has no slope', () => {
  expect(medianSlope([{ x: 1, y: 1 }])).toBeNaN()
})
