import { DEAD_REASONS, ENDS, isDeadReason, isEnd, isTowlineError, TowlineError } from '@towline/contracts'
import { expect, test } from 'vitest'

test('ends and dead-letter reasons are told from any other text', () => {
  expect(ENDS.every(isEnd) && DEAD_REASONS.every(isDeadReason)).toBe(true)
  expect(['', 'failed', 'Succeeded', 'toString'].some((text) => isEnd(text) || isDeadReason(text))).toBe(false)
})

test('a TowlineError says what happened and the way out, and carries the parts apart', () => {
  const cause = new Error('ECONNREFUSED')
  const error = new TowlineError('TOWLINE_BROKER_UNAVAILABLE', 'no broker answered at localhost:9092', {
    value: 'localhost:9092',
    bound: '30 s',
    wayOut: 'Start one with `towline dev-broker`',
    retriable: true,
    cause,
  })
  expect(error.message).toBe('no broker answered at localhost:9092. Start one with `towline dev-broker`')
  expect(error).toMatchObject({
    code: 'TOWLINE_BROKER_UNAVAILABLE',
    value: 'localhost:9092',
    bound: '30 s',
    retriable: true,
    cause,
  })
  expect(error).toBeInstanceOf(Error)
})

test('a TowlineError without details has none, and is not retriable', () => {
  const error = new TowlineError('TOWLINE_INTERNAL', 'impossible')
  expect(error).toMatchObject({
    message: 'impossible',
    value: undefined,
    bound: undefined,
    wayOut: undefined,
    retriable: false,
  })
})

test('isTowlineError tells its own, by code where one is asked for', () => {
  const error = new TowlineError('TOWLINE_INTERNAL', 'impossible')
  expect([
    isTowlineError(error),
    isTowlineError(error, 'TOWLINE_INTERNAL'),
    isTowlineError(error, 'TOWLINE_NAME_INVALID'),
  ]).toEqual([true, true, false])
  expect(isTowlineError({ code: 'TOWLINE_INTERNAL' })).toBe(false)
})
