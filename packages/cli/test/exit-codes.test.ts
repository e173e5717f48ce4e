import { ERROR_CODES, type ErrorCode, TowlineError } from '@towline/contracts'
import { describe, expect, test } from 'vitest'
import { EXIT, exitCodeOf } from '../src/exit-codes.ts'

const codeOf = (code: string): number => exitCodeOf(new TowlineError(code as ErrorCode, 'message'))

describe('the exit code of an error', () => {
  const table: readonly [code: ErrorCode, exit: number][] = [
    ['TOWLINE_BROKER_UNAVAILABLE', 1],
    ['TOWLINE_REGISTRY_UNAVAILABLE', 1],
    ['TOWLINE_TOPIC_MISSING', 1],
    ['TOWLINE_TASK_DEAD', 1],
    ['TOWLINE_CONFIG_UNREADABLE', 2],
    ['TOWLINE_CONFIG_INVALID', 2],
    ['TOWLINE_OPTION_INVALID', 2],
    ['TOWLINE_INPUT_INVALID', 2],
    ['TOWLINE_SCHEMA_MISMATCH', 2],
    ['TOWLINE_PAYLOAD_TOO_LARGE', 2],
    ['TOWLINE_HEADER_INVALID', 2],
    ['TOWLINE_AGENT_UNKNOWN', 4],
    ['TOWLINE_TASK_NOT_FOUND', 4],
    ['TOWLINE_DEAD_LETTER_NOT_FOUND', 4],
    ['TOWLINE_REPLAY_NOT_FOUND', 4],
    ['TOWLINE_FILTER_REQUIRED', 6],
    ['TOWLINE_CONFIRMATION_REQUIRED', 6],
    ['TOWLINE_TOPIC_MISCONFIGURED', 6],
    ['TOWLINE_RESULT_TIMEOUT', 124],
  ]
  test.each(table)('%s is %d', (code, exit) => expect(codeOf(code)).toBe(exit))

  test('is one of the table for every code there is', () => {
    const known: readonly number[] = Object.values(EXIT)
    for (const code of Object.keys(ERROR_CODES)) expect(known, code).toContain(codeOf(code))
  })

  test('of what nobody foresaw is 1', () => {
    expect([new TypeError('x'), 'text', undefined, null].map(exitCodeOf)).toEqual([1, 1, 1, 1])
  })
})
