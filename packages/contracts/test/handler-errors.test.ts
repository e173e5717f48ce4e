import {
  type HandlerError,
  handlerErrorKind,
  RateLimitedError,
  RetryAfterError,
  SnoozeError,
  TerminalError,
} from '@towline/contracts'
import { expect, test, vi } from 'vitest'

// A second copy of the package, as when two versions of it are installed side by side.
vi.resetModules()
const another = await import('@towline/contracts')

const errors: readonly (readonly [string, HandlerError])[] = [
  ['terminal', new TerminalError('no such document')],
  ['retry-after', new RetryAfterError(5_000)],
  ['rate-limited', new RateLimitedError(5_000)],
  ['snooze', new SnoozeError(1_700_000_000_000)],
]

test.each(errors)('%s is recognised by both copies of the package', (kind, error) => {
  expect(handlerErrorKind(error)).toBe(kind)
  expect(error).not.toBeInstanceOf(another[error.name as 'TerminalError'])
  expect(another.handlerErrorKind(error)).toBe(kind)
})

test('a class that extends one keeps its kind', () => {
  class DocumentGone extends TerminalError {}
  expect(handlerErrorKind(new DocumentGone('x'))).toBe('terminal')
})

test('every class names itself', () => {
  expect(errors.map(([, error]) => error.name)).toEqual([
    'TerminalError',
    'RetryAfterError',
    'RateLimitedError',
    'SnoozeError',
  ])
})

test('they keep their delays, moments, messages and causes', () => {
  const cause = new Error('429')
  expect(new RetryAfterError(50, 'busy', { cause })).toMatchObject({ delayMs: 50, message: 'busy', cause })
  expect(new RateLimitedError(50)).toMatchObject({ delayMs: 50, message: 'rate limited for 50 ms' })
  expect(new SnoozeError(new Date(5)).untilMs).toBe(5)
  expect(new SnoozeError(0).message).toBe('snoozed until 1970-01-01T00:00:00.000Z')
})

test('nothing else is taken for one', () => {
  const lying = {
    get 'towline.handlerError'(): never {
      throw new Error('no')
    },
  }
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  for (const thrown of [
    undefined,
    null,
    'terminal',
    new Error('x'),
    { 'towline.handlerError': 'unheard-of' },
    lying,
    proxy,
  ]) {
    expect(handlerErrorKind(thrown)).toBeUndefined()
  }
})
