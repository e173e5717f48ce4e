import { formatDelay, MAX_DURATION_MS, parseDuration } from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { towlineErrorOf } from './error-matching.ts'

describe('parseDuration', () => {
  test.each([
    ['1ms', 1],
    ['250ms', 250],
    ['5s', 5_000],
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['3650d', MAX_DURATION_MS],
  ])('reads %s as %i ms', (text, durationMs) => {
    expect(parseDuration(text, 'timeout')).toBe(durationMs)
  })

  test.each([
    '',
    '5',
    's',
    '0s',
    '-5s',
    '+5s',
    '05s',
    '1.5s',
    '5 s',
    ' 5s',
    '5s ',
    '5S',
    '5sec',
    '1h30m',
    'Infinitys',
    '3651d',
    '999999999999999d',
  ])('refuses %j and says which option, what it got and what it takes', (text) => {
    const error = towlineErrorOf(() => parseDuration(text, 'retry.delays'), 'TOWLINE_DURATION_INVALID')
    expect(error.message).toContain('retry.delays')
    expect(error.message).toContain(JSON.stringify(text))
    expect(error.bound).toBe('1ms to 3650d')
    expect(error.wayOut).toContain("'5s'")
  })

  test('refuses what is no text', () => {
    for (const value of [undefined, null, 5, {}]) {
      towlineErrorOf(() => parseDuration(value as unknown as string, 'timeout'), 'TOWLINE_DURATION_INVALID')
    }
  })
})

describe('formatDelay', () => {
  test('takes the largest whole unit', () => {
    expect([1_000, 59_000, 60_000, 90_000, 3_600_000, 5_400_000, 86_400_000, 129_600_000].map(formatDelay)).toEqual([
      '1s',
      '59s',
      '1m',
      '90s',
      '1h',
      '90m',
      '1d',
      '36h',
    ])
  })

  test('is read back as the same delay', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_DURATION_MS / 1_000 }), (seconds) => {
        expect(parseDuration(formatDelay(seconds * 1_000), 'tier')).toBe(seconds * 1_000)
      }),
    )
  })

  test.each([0, -1_000, 250, 1_500, Number.NaN, Number.POSITIVE_INFINITY, MAX_DURATION_MS + 1_000])(
    'refuses %d ms',
    (delayMs) => {
      expect(towlineErrorOf(() => formatDelay(delayMs), 'TOWLINE_DURATION_INVALID').value).toBe(delayMs)
    },
  )
})
