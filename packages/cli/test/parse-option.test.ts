import { InvalidArgumentError } from 'commander'
import { describe, expect, test } from 'vitest'
import { durationMs, momentMs, wholeNumber } from '../src/input/parse-option.ts'

describe('a whole number', () => {
  const parse = wholeNumber(1, 100)

  test('is read within its bounds', () => {
    expect([parse('1'), parse('100'), parse('007')]).toEqual([1, 100, 7])
  })

  test.each(['0', '101', '-1', '1.5', '1e2', '', ' 1', '0x1', 'ten', '9'.repeat(20)])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError)
    expect(() => parse(text)).toThrow(`a whole number from 1 to 100, got ${JSON.stringify(text)}`)
  })
})

describe('a duration', () => {
  test('has a unit', () => {
    expect([durationMs('250ms'), durationMs('30s'), durationMs('2h')]).toEqual([250, 30_000, 7_200_000])
  })

  test.each(['30', '1.5h', '-5s', 'soon', ''])('refuses %j', (text) => {
    expect(() => durationMs(text)).toThrow(InvalidArgumentError)
  })
})

describe('a moment', () => {
  const nowMs = Date.parse('2026-05-01T12:00:00Z')
  const parse = momentMs(() => nowMs)

  test('is so long before now, a day, a time with its zone, or epoch milliseconds', () => {
    expect(parse('-2h')).toBe(nowMs - 7_200_000)
    expect(parse('2026-05-01')).toBe(new Date(2026, 4, 1).getTime())
    expect(parse('2026-05-01 12:00:00+02:00')).toBe(Date.parse('2026-05-01T10:00:00Z'))
    expect(parse('2026-05-01T10:00Z')).toBe(Date.parse('2026-05-01T10:00:00Z'))
    expect(parse('2026-05-01T10:00:00.5+02:00')).toBe(Date.parse('2026-05-01T08:00:00.500Z'))
    expect(parse('1777633200000')).toBe(1_777_633_200_000)
  })

  test.each(['2h', '-2', '-0h', 'yesterday', '2026-13-01', '2026-05-01T10:00', '12', ''])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError)
  })
})
