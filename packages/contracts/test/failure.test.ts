import {
  FAILURE_CODE_BYTES,
  FAILURE_MESSAGE_BYTES,
  FAILURE_STACK_BYTES,
  failureOf,
  TowlineError,
  truncateUtf8,
} from '@towline/contracts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const moment = { atMs: 1_700_000_000_000, attempt: 2 }

function throwing(): never {
  throw new Error('a getter threw')
}

describe('failureOf', () => {
  test('keeps what an error says, and when', () => {
    const error = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
    expect(failureOf(error, moment)).toEqual({
      code: 'ECONNRESET',
      message: 'socket hang up',
      stack: error.stack,
      ...moment,
    })
  })

  test.each([
    ['a TowlineError by its code', new TowlineError('TOWLINE_INTERNAL', 'x'), 'TOWLINE_INTERNAL'],
    ['an error by its name', new RangeError('x'), 'RangeError'],
    ['a numeric code', Object.assign(new Error('x'), { code: 404 }), '404'],
    [
      'the code of its cause',
      new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }),
      'ECONNREFUSED',
    ],
    ['what is no error', 'plain text', 'Error'],
  ])('names %s', (_name, thrown, code) => {
    expect(failureOf(thrown, moment).code).toBe(code)
  })

  test('shows the stacks of the causes behind its own', () => {
    const cause = new Error('connect ECONNREFUSED')
    const error = new TypeError('fetch failed', { cause })
    expect(failureOf(error, moment)).toMatchObject({
      message: 'fetch failed',
      stack: `${error.stack}\nCaused by: ${cause.stack}`,
    })
  })

  test('ends where causes go round', () => {
    const a = new Error('a')
    const b = new Error('b', { cause: a })
    a.cause = b
    expect(failureOf(a, moment).stack?.match(/Caused by: /g)).toHaveLength(1)
  })

  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [42, '42'],
    [10n, '10'],
    ['', 'thrown without a message'],
    [Symbol('s'), 'Symbol(s)'],
    [{ status: 503 }, '{"status":503}'],
    [new Error(''), 'Error without a message'],
    [{ toJSON: throwing }, 'an error that cannot be described'],
  ])('describes %s', (thrown, message) => {
    expect(failureOf(thrown, moment).message).toBe(message)
  })

  test('never throws, whatever the getters of what was thrown do', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const getters = Object.defineProperties(
      {},
      Object.fromEntries(['message', 'code', 'name', 'stack', 'cause'].map((name) => [name, { get: throwing }])),
    )
    const ring: Record<string, unknown> = {}
    ring['ring'] = ring
    for (const thrown of [proxy, getters, ring, Object.create(null), { message: 5, code: {}, stack: [] }]) {
      expect(failureOf(thrown, moment)).toMatchObject(moment)
    }
    fc.assert(fc.property(fc.anything(), (thrown) => failureOf(thrown, moment).attempt === 2))
  })

  test('never grows beyond what may travel', () => {
    const parts = fc.record({
      message: fc.string({ unit: 'binary', maxLength: 3_000 }),
      code: fc.string({ unit: 'binary', maxLength: 300 }),
      stack: fc.string({ unit: 'binary', maxLength: 9_000 }),
    })
    fc.assert(
      fc.property(parts, (thrown) => {
        const failure = failureOf(thrown, moment)
        expect(Buffer.byteLength(failure.code)).toBeLessThanOrEqual(FAILURE_CODE_BYTES)
        expect(Buffer.byteLength(failure.message)).toBeLessThanOrEqual(FAILURE_MESSAGE_BYTES)
        expect(Buffer.byteLength(failure.stack ?? '')).toBeLessThanOrEqual(FAILURE_STACK_BYTES)
      }),
    )
  })
})

describe('truncateUtf8', () => {
  test.each([
    ['abc', 3, 'abc'],
    ['abc', 2, 'ab'],
    ['äöü', 3, 'ä'],
    ['äöü', 4, 'äö'],
    ['🚚🚚', 7, '🚚'],
    ['a🚚', 4, 'a'],
    ['€', 2, ''],
    ['', 0, ''],
  ])('cuts %j to %i bytes as %j', (text, maxBytes, expected) => {
    expect(truncateUtf8(text, maxBytes)).toBe(expected)
  })

  test('gives the longest whole beginning that fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), fc.nat(60), (text, maxBytes) => {
        const cut = truncateUtf8(text, maxBytes)
        expect(text.startsWith(cut)).toBe(true)
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes)
        const next = [...text.slice(cut.length)][0] ?? ''
        expect(next === '' || Buffer.byteLength(cut + next) > maxBytes).toBe(true)
      }),
    )
  })
})
