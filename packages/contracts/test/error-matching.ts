import { type ErrorCode, isTowlineError, type TowlineError } from '@towline/contracts'
import { expect } from 'vitest'

/** The Towline error `call` throws; fails when it throws none or one of another code. */
export function towlineErrorOf(call: () => unknown, code: ErrorCode): TowlineError {
  let thrown: unknown
  try {
    call()
  } catch (error) {
    thrown = error
  }
  if (!isTowlineError(thrown, code)) expect.fail(`expected ${code}, got ${String(thrown)}`)
  return thrown
}
