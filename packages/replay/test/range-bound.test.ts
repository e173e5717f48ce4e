import { isTowlineError } from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePartitions, parseRangeBounds } from '../src/index.ts'

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (thrown) {
    if (isTowlineError(thrown)) return thrown.code
    throw thrown
  }
  return 'nothing thrown'
}

describe('a bound for all partitions', () => {
  test.each([
    ['0', { kind: 'offset', offset: 0 }],
    ['1200', { kind: 'offset', offset: 1200 }],
    ['-2h', { kind: 'ago', agoMs: 7_200_000 }],
    ['-90s', { kind: 'ago', agoMs: 90_000 }],
    ['start', { kind: 'start' }],
    ['end', { kind: 'end' }],
    ['2026-01-31', { kind: 'time', atMs: Date.UTC(2026, 0, 31) }],
    ['2026-01-31T10:00Z', { kind: 'time', atMs: Date.UTC(2026, 0, 31, 10) }],
    ['2026-01-31T10:00:05.250Z', { kind: 'time', atMs: Date.UTC(2026, 0, 31, 10, 0, 5, 250) }],
    ['2026-01-31T10:00:00+02:00', { kind: 'time', atMs: Date.UTC(2026, 0, 31, 8) }],
  ])('reads %s', (text, bound) => {
    expect(parseRangeBounds(text, '--from')).toEqual({ everywhere: bound, byPartition: new Map() })
  })

  test.each([
    '',
    ' ',
    'yesterday',
    '1.5',
    '-2',
    '-2 h',
    '-0h',
    '--2h',
    '2026-02-30',
    '2026-13-01',
    '2026-01-31T25:00Z',
    '2026-01-31T10:00:00',
    '31.01.2026',
    '9007199254740993',
    '1,2',
    '3:1,3:2',
    '3:',
    ':5',
    'x:5',
  ])('refuses %j, naming the option and the forms', (text) => {
    expect(codeOf(() => parseRangeBounds(text, '--from'))).toBe('TOWLINE_REPLAY_INVALID')
    expect(() => parseRangeBounds(text, '--from')).toThrow(/--from.*an offset \(1200\)/)
  })

  test('a time without a zone is refused with that reason: it would mean another moment on another machine', () => {
    expect(() => parseRangeBounds('2026-01-31T10:00:00', '--to')).toThrow(/no zone/)
  })
})

test('bounds for single partitions stand beside one for the others', () => {
  expect(parseRangeBounds('-2h, 3:1200,7:2026-01-31T10:00:00Z', '--from')).toEqual({
    everywhere: { kind: 'ago', agoMs: 7_200_000 },
    byPartition: new Map([
      [3, { kind: 'offset', offset: 1200 }],
      [7, { kind: 'time', atMs: Date.UTC(2026, 0, 31, 10) }],
    ]),
  })
})

test('every offset reads back, alone and for a partition', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(9_999), (offset, partition) => {
      const bound = { kind: 'offset', offset }
      expect(parseRangeBounds(`${offset}`, '--to').everywhere).toEqual(bound)
      expect(parseRangeBounds(`${partition}:${offset}`, '--to').byPartition.get(partition)).toEqual(bound)
    }),
  )
})

test('every moment reads back from its ISO text', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }), (date) => {
      expect(parseRangeBounds(date.toISOString(), '--to').everywhere).toEqual({ kind: 'time', atMs: date.getTime() })
    }),
  )
})

test('any text is a bound or a typed error', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), (text) => {
      expect(['nothing thrown', 'TOWLINE_REPLAY_INVALID']).toContain(codeOf(() => parseRangeBounds(text, '--from')))
    }),
  )
})

test('partitions are numbers and spans, in order and without repeats', () => {
  expect(parsePartitions('7,0,3-5, 4', '--partition')).toEqual([0, 3, 4, 5, 7])
  for (const text of ['', 'a', '1-', '5-3', '-1', '1,,2', '1.5']) {
    expect(codeOf(() => parsePartitions(text, '--partition'))).toBe('TOWLINE_REPLAY_INVALID')
  }
})
