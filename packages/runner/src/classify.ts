import {
  type AttemptOutcome,
  type FailureMoment,
  failureOf,
  type HandlerError,
  type HostResult,
  handlerErrorKind,
  isTowlineError,
} from '@towline/contracts'

/** Encodes what a handler returned. @throws TowlineError TOWLINE_SCHEMA_MISMATCH or TOWLINE_PAYLOAD_TOO_LARGE */
export type EncodeOutput = (output: unknown) => Buffer

/** What a host's result means. Total: never throws; what is not understood is a retryable failure. */
export function outcomeOf(result: HostResult, moment: FailureMoment, encode: EncodeOutput): AttemptOutcome {
  switch (result.kind) {
    case 'returned':
      return outcomeOfOutput(result.output, moment, encode)
    case 'threw':
      return outcomeOfThrown(result.thrown, moment)
  }
}

function outcomeOfOutput(output: unknown, moment: FailureMoment, encode: EncodeOutput): AttemptOutcome {
  try {
    return { kind: 'succeeded', output: encode(output) }
  } catch (error) {
    // An output that breaks its schema or its bound would do so again: the handler is deterministic in this.
    const reason = isTowlineError(error, 'TOWLINE_PAYLOAD_TOO_LARGE') ? 'too-large' : 'terminal'
    return { kind: 'rejected', reason, failure: failureOf(error, moment) }
  }
}

function outcomeOfThrown(thrown: unknown, moment: FailureMoment): AttemptOutcome {
  const kind = handlerErrorKind(thrown)
  const failure = failureOf(thrown, moment)
  switch (kind) {
    case undefined:
      return { kind: 'failed', failure }
    case 'terminal':
      return { kind: 'rejected', reason: 'terminal', failure }
    case 'retry-after':
      return { kind: 'failed', failure, retryAfterMs: delayOf(thrown) }
    case 'rate-limited':
      return { kind: 'deferred', dueAtMs: moment.atMs + delayOf(thrown), because: 'rate-limited' }
    case 'snooze':
      return { kind: 'deferred', dueAtMs: Math.max(moment.atMs, untilOf(thrown, moment.atMs)), because: 'snooze' }
  }
}

function delayOf(thrown: unknown): number {
  const { delayMs } = thrown as Extract<HandlerError, { delayMs: number }>
  return Number.isFinite(delayMs) && delayMs > 0 ? Math.ceil(delayMs) : 0
}

function untilOf(thrown: unknown, nowMs: number): number {
  const { untilMs } = thrown as Extract<HandlerError, { untilMs: number }>
  return Number.isFinite(untilMs) ? Math.ceil(untilMs) : nowMs
}
