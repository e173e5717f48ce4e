import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorKind } from '../src/error-fingerprint.ts'

const patternOf = (message: string) => errorKind({ code: 'Error', message }).pattern

describe('the pattern of a message', () => {
  test.each([
    ['connect ECONNREFUSED 10.0.0.7:5432', 'connect ECONNREFUSED <n>:<n>'],
    ['order 0190c1a0-0000-7000-8000-000000000001 not found', 'order <id> not found'],
    ['user usr_9f8a7b6c5d4e3f2a is locked', 'user <id> is locked'],
    ['token 0xDEADbeef1 at line 12', 'token <id> at line <n>'],
    ['due 2026-11-24T07:30:00.123Z, now 2026-11-24T07:31:00+01:00', 'due <time>, now <time>'],
    ['took 1,234.5 ms', 'took <n> ms'],
    ['first line\n    at handler (agent.ts:1:1)', 'first line'],
    ['\n  indented   text ', 'indented text'],
    ['facade deadbeef authentication', 'facade deadbeef authentication'],
    ['', ''],
  ])('of %j is %j', (message, pattern) => {
    expect(patternOf(message)).toBe(pattern)
  })

  test('is at most 200 characters', () => {
    expect(patternOf('x '.repeat(500))).toHaveLength(200)
  })
})

describe('the fingerprint', () => {
  test('is one for messages that differ in ids and numbers', () =>
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.uuid(), fc.uuid(), (a, b, id, otherId) => {
        const of = (n: number, uuid: string) => errorKind({ code: 'E', message: `task ${uuid} failed after ${n} ms` })
        expect(of(a, id)).toEqual(of(b, otherId))
      }),
    ))

  test('differs by code, and by words', () => {
    const kinds = [
      { code: 'A', message: 'x' },
      { code: 'B', message: 'x' },
      { code: 'A', message: 'y' },
    ].map((failure) => errorKind(failure).fingerprint)
    expect(new Set(kinds).size).toBe(3)
  })

  test('never changes: filters in runbooks name it', () => {
    expect(errorKind({ code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 10.0.0.7:5432' }).fingerprint).toBe(
      '7f4e655cf024',
    )
  })

  test('of no message takes long', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 1_024, unit: fc.constantFrom(...'0a-_ :.T\n') }), (message) => {
        const startedMs = performance.now()
        errorKind({ code: 'E', message })
        expect(performance.now() - startedMs).toBeLessThan(100)
      }),
    ))
})
