// What a handler throws to say how its attempt ended. Anything else it throws is retryable.
// Recognised by a brand, not by `instanceof`, so that two copies of this package in one process agree.

const HANDLER_ERROR_KINDS = ['terminal', 'retry-after', 'rate-limited', 'snooze'] as const
export type HandlerErrorKind = (typeof HANDLER_ERROR_KINDS)[number]

/** The task can never succeed: dead-letter it now. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError'
  readonly 'towline.handlerError': 'terminal' = 'terminal'
}

/** It failed and spends an attempt; try again no earlier than `delayMs` from now. */
export class RetryAfterError extends Error {
  override readonly name = 'RetryAfterError'
  readonly 'towline.handlerError': 'retry-after' = 'retry-after'
  readonly delayMs: number
  constructor(delayMs: number, message = `retry after ${delayMs} ms`, options?: ErrorOptions) {
    super(message, options)
    this.delayMs = delayMs
  }
}

/** A dependency asked to slow down: try again after `delayMs`, no attempt spent. */
export class RateLimitedError extends Error {
  override readonly name = 'RateLimitedError'
  readonly 'towline.handlerError': 'rate-limited' = 'rate-limited'
  readonly delayMs: number
  constructor(delayMs: number, message = `rate limited for ${delayMs} ms`, options?: ErrorOptions) {
    super(message, options)
    this.delayMs = delayMs
  }
}

/** Not now: run it again at `untilMs` (epoch milliseconds), no attempt spent. */
export class SnoozeError extends Error {
  override readonly name = 'SnoozeError'
  readonly 'towline.handlerError': 'snooze' = 'snooze'
  readonly untilMs: number
  constructor(until: Date | number, message?: string) {
    const untilMs = typeof until === 'number' ? until : until.getTime()
    super(message ?? `snoozed until ${new Date(untilMs).toISOString()}`)
    this.untilMs = untilMs
  }
}

export type HandlerError = TerminalError | RetryAfterError | RateLimitedError | SnoozeError

/** Which of the handler errors `thrown` is, or undefined: then it is retryable. Never throws. */
export function handlerErrorKind(thrown: unknown): HandlerErrorKind | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  try {
    const kind = (thrown as { 'towline.handlerError'?: unknown })['towline.handlerError']
    return HANDLER_ERROR_KINDS.find((known) => known === kind)
  } catch {
    return undefined // A getter or proxy threw: not one of ours.
  }
}
