import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRangeBounds } from '../src/range-bound.ts'
import { type PinnedLog, resolveRanges, timesOf } from '../src/resolve-ranges.ts'

const NOW_MS = Date.UTC(2026, 0, 31, 12)
const NONE = { everywhere: undefined, byPartition: new Map() }

/** Partition 0 holds 100 to 200, partition 1 holds 0 to 50, partition 2 nothing. One record a second until now. */
const log: PinnedLog = {
  topic: 'digest.tasks',
  nowMs: NOW_MS,
  offsets: [
    { partition: 0, low: 100, high: 200 },
    { partition: 1, low: 0, high: 50 },
    { partition: 2, low: 7, high: 7 },
  ],
  offsetAt(partition, timeMs) {
    const { low, high } = log.offsets[partition] ?? { low: 0, high: 0 }
    return Math.max(low, Math.min(high, high - Math.floor((NOW_MS - timeMs) / 1_000)))
  },
}

function resolve(from?: string, to?: string, partitions?: readonly number[]): ReturnType<typeof resolveRanges> {
  return resolveRanges(
    {
      from: from === undefined ? NONE : parseRangeBounds(from, '--from'),
      to: to === undefined ? NONE : parseRangeBounds(to, '--to'),
      partitions,
    },
    log,
  )
}

test('without bounds it is all that the log holds, and empty partitions are left out', () => {
  expect(resolve()).toEqual({
    ranges: [
      { partition: 0, from: 100, to: 200 },
      { partition: 1, from: 0, to: 50 },
    ],
    clipped: [],
  })
})

test('offsets count per partition; the end is left out and pinned to the log end', () => {
  expect(resolve('120', '150').ranges).toEqual([{ partition: 0, from: 120, to: 150 }])
  expect(resolve('20', '9999').ranges[1]).toEqual({ partition: 1, from: 20, to: 50 })
})

test('a time and a span before now choose the first record at or after them', () => {
  const byTime = resolve('2026-01-31T11:59:30Z', '2026-01-31T11:59:50Z').ranges
  expect(byTime).toEqual([
    { partition: 0, from: 170, to: 190 },
    { partition: 1, from: 20, to: 40 },
  ])
  expect(resolve('-30s', '-10s').ranges).toEqual(byTime)
})

test('a partition can have a bound of its own', () => {
  expect(resolve('-30s,1:5').ranges).toEqual([
    { partition: 0, from: 170, to: 200 },
    { partition: 1, from: 5, to: 50 },
  ])
  expect(resolve('0:150,1:5', undefined, [0, 1]).ranges).toEqual([
    { partition: 0, from: 150, to: 200 },
    { partition: 1, from: 5, to: 50 },
  ])
})

test('only the chosen partitions are read, whatever order they were named in', () => {
  expect(resolve(undefined, undefined, [1, 0, 1]).ranges.map(({ partition }) => partition)).toEqual([0, 1])
  expect(resolve('start', 'end', [1]).ranges).toEqual([{ partition: 1, from: 0, to: 50 }])
})

describe('what the log no longer holds', () => {
  test('is counted when offsets were asked for', () => {
    expect(resolve('60').clipped).toEqual([{ partition: 0, logStart: 100, lost: 40 }])
    expect(resolve('60,1:0', '80,1:50')).toEqual({
      ranges: [{ partition: 1, from: 0, to: 50 }],
      clipped: [{ partition: 0, logStart: 100, lost: 20 }],
    })
  })

  test('cannot be counted by time, and is said to be unknown', () => {
    expect(resolve('-1h').clipped).toEqual([
      { partition: 0, logStart: 100, lost: null },
      { partition: 2, logStart: 7, lost: null },
    ])
  })

  test('is no loss when the start of the log was asked for', () => {
    expect(resolve('start').clipped).toEqual([])
  })
})

describe('a selection that cannot be meant', () => {
  test.each([
    ['ends before it begins', '150', '120', undefined, /begin before it ends, got 150 to 120/],
    ['is empty by offset', '150', '150', undefined, /begin before it ends/],
    ['is empty by time', '-10s', '-20s', undefined, /begin before it ends/],
    ['mixes a time with a span before now, reversed', '2026-01-31T11:59:50Z', '-30s', undefined, /begin before/],
    ['lies beyond the log end', '5000', undefined, undefined, /holds no record.*0: 100 to 200/],
    [
      'lies in the future',
      '2026-01-31T12:00:01Z',
      undefined,
      undefined,
      /tasks from 2026-01-31T12:00:01.000Z\. Choose among what the log/,
    ],
    ['falls between two records', '-500ms', '-100ms', undefined, /from 2026\S*59.500Z before 2026\S*59.900Z/],
    ['was deleted whole', '0', '50', [0], /deleted by retention/],
    ['names a partition there is not', undefined, undefined, [3], /partitions 0 to 2, got 3/],
    ['bounds a partition there is not', '-1h,9:5', undefined, undefined, /partitions 0 to 2, got 9/],
    ['bounds a partition it does not choose', '-1h,1:5', undefined, [0], /not among --partition/],
    ['leaves partitions without a bound', '0:150', undefined, undefined, /no bound for partition 1/],
    ['leaves partitions without an end', undefined, '0:150', undefined, /--to has no bound for partition 1/],
  ])('that %s is refused', (_, from, to, partitions, message) => {
    expect(() => resolve(from, to, partitions)).toThrow(message)
    expect(() => resolve(from, to, partitions)).toThrow(expect.objectContaining({ code: 'TOWLINE_REPLAY_INVALID' }))
  })
})

test('no range ever leaves the log, and what is missing of an offset range is exactly the loss', () => {
  const bound = fc.nat(300)
  fc.assert(
    fc.property(bound, bound, (from, to) => {
      fc.pre(from < to)
      let resolved: ReturnType<typeof resolve>
      try {
        resolved = resolve(`${from}`, `${to}`)
      } catch {
        return
      }
      for (const range of resolved.ranges) {
        const held = log.offsets[range.partition]
        expect(range.from).toBeGreaterThanOrEqual(held?.low ?? 0)
        expect(range.to).toBeLessThanOrEqual(held?.high ?? 0)
        const wanted = Math.min(to, held?.high ?? 0) - from
        const lost = resolved.clipped.find(({ partition }) => partition === range.partition)?.lost ?? 0
        expect(range.to - range.from + lost).toBe(wanted)
      }
    }),
  )
})

test('every time that bounds need is asked for once', () => {
  const selection = {
    from: parseRangeBounds('-30s,1:-30s,2:5', '--from'),
    to: parseRangeBounds('2026-01-31T11:59:30Z', '--to'),
    partitions: undefined,
  }
  expect(timesOf(selection, NOW_MS)).toEqual([NOW_MS - 30_000])
})
