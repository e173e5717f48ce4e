import type { ErrorCode } from './error-codes.ts'

export interface TowlineErrorDetails {
  /** The offending value, as short text. Never a secret, never a payload. */
  readonly value?: string | number
  /** The limit it broke, as short text. */
  readonly bound?: string | number
  /** What the reader can do about it. */
  readonly wayOut?: string
  /** The same call may succeed later without a change. Default false. */
  readonly retriable?: boolean
  readonly cause?: unknown
}

/** Every error Towline throws on purpose. `code` is public API and listed in docs/errors.md; `message` is not. */
export class TowlineError extends Error {
  override readonly name = 'TowlineError'
  readonly code: ErrorCode
  readonly value: string | number | undefined
  readonly bound: string | number | undefined
  readonly wayOut: string | undefined
  readonly retriable: boolean

  /** `message` says what happened with the value and the bound; the way out is appended. */
  constructor(code: ErrorCode, message: string, details: TowlineErrorDetails = {}) {
    super(details.wayOut === undefined ? message : `${message}. ${details.wayOut}`, { cause: details.cause })
    this.code = code
    this.value = details.value
    this.bound = details.bound
    this.wayOut = details.wayOut
    this.retriable = details.retriable ?? false
  }
}

export function isTowlineError(thrown: unknown, code?: ErrorCode): thrown is TowlineError {
  return thrown instanceof TowlineError && (code === undefined || thrown.code === code)
}
