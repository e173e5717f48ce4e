import type {
  AttemptOutcome,
  Failure,
  Ordering,
  ResolvedRetryOptions,
  RetryDecision,
  TaskEnvelope,
} from '@towline/contracts'
import {
  DEFAULT_KEYED_DELAYS_MS,
  DEFAULT_UNKEYED_DELAYS_MS,
  delayBeforeRetry,
  formatDelay,
  TowlineError,
} from '@towline/contracts'
import { MAX_WAIT_MS, type TierVerdict, tierFor, whenTierIsOver } from './ladder.ts'

// What becomes of a task that failed, timed out or was deferred. Pure: no clock, no I/O, no memory.
//   P1. A failed attempt is followed by the next one or by none: attempts never exceed maxAttempts.
//   P2. A deferral spends no attempt.
//   P3. What keeps order (a key, or a partition) never leaves the runner, so that nothing overtakes it.
//   P4. With onSpent 'dead-letter' the summed parks of a task never exceed its park budget.
//   P5. No wait is longer than MAX_WAIT_MS.

/** The outcomes a retry policy is asked about. */
export type RetryableOutcome = Extract<AttemptOutcome, { kind: 'failed' | 'timed-out' | 'deferred' }>

export interface RetryQuestion {
  /** Its `attempt` is the attempt that just ended, in-place retries counted. */
  readonly task: TaskEnvelope
  readonly outcome: RetryableOutcome
  /** How long this task has been parked in the runner so far, deferrals included, in milliseconds. */
  readonly parkedMs: number
  readonly nowMs: number
}

export interface RetryPolicy {
  decide(question: RetryQuestion): RetryDecision
  /** How long a task waits before this attempt, which follows a failed one, in milliseconds. */
  delayBefore(task: TaskEnvelope, attempt: number): number
  /** See {@link whenTierIsOver} of the ladder; with the tiers of this agent. */
  whenTierIsOver(dueAtMs: number | undefined, nowMs: number): TierVerdict
}

/**
 * The retry policy of one agent.
 *
 * @throws TowlineError TOWLINE_OPTION_INVALID when a delay or a tier is longer than {@link MAX_WAIT_MS},
 * TOWLINE_DURATION_INVALID when a tier is not whole seconds: no topic could be named after it.
 */
export function createRetryPolicy(retry: ResolvedRetryOptions, ordering: Ordering): RetryPolicy {
  checkWaits('retry.tiers', retry.tiersMs)
  checkWaits('retry.delays', retry.delaysMs ?? [])
  for (const tierMs of retry.tiersMs) formatDelay(tierMs)
  return {
    decide: (question) => decide(retry, ordering, question),
    delayBefore: (task, attempt) => delayBefore(retry, parksIn(ordering, task), attempt),
    whenTierIsOver: (dueAtMs, nowMs) => whenTierIsOver(retry.tiersMs, dueAtMs, nowMs),
  }
}

function decide(retry: ResolvedRetryOptions, ordering: Ordering, question: RetryQuestion): RetryDecision {
  const { task, outcome, nowMs } = question
  const parks = parksIn(ordering, task)
  switch (outcome.kind) {
    case 'deferred': {
      const wait = { delayMs: Math.max(outcome.dueAtMs - nowMs, 0), attempt: task.attempt }
      return place(retry, parks, question, wait, deferralFailure(outcome, task.attempt, nowMs))
    }
    case 'failed':
    case 'timed-out': {
      if (task.attempt >= retry.maxAttempts) {
        return { kind: 'dead-letter', reason: 'attempts-exhausted', failure: outcome.failure }
      }
      const atLeastMs = outcome.kind === 'failed' ? (outcome.retryAfterMs ?? 0) : 0
      const delayMs = Math.max(delayBefore(retry, parks, task.attempt + 1), atLeastMs)
      return place(retry, parks, question, { delayMs, attempt: task.attempt + 1 }, outcome.failure)
    }
  }
}

/** Its order is kept by waiting in the runner (P3). */
function parksIn(ordering: Ordering, task: TaskEnvelope): boolean {
  return ordering === 'partition' || (ordering === 'key' && task.key !== null)
}

function delayBefore(retry: ResolvedRetryOptions, parks: boolean, attempt: number): number {
  const delaysMs = retry.delaysMs ?? (parks ? DEFAULT_KEYED_DELAYS_MS : DEFAULT_UNKEYED_DELAYS_MS)
  return delayBeforeRetry(delaysMs, attempt - 1)
}

interface Wait {
  readonly delayMs: number
  readonly attempt: number
}

function place(
  retry: ResolvedRetryOptions,
  parks: boolean,
  question: RetryQuestion,
  wait: Wait,
  failure: Failure,
): RetryDecision {
  if (!(wait.delayMs <= MAX_WAIT_MS)) {
    return { kind: 'dead-letter', reason: 'terminal', failure: waitTooLong(failure, wait.delayMs) }
  }
  if (!parks) return tierOrPark(retry.tiersMs, wait, question.nowMs)
  const spent = question.parkedMs + wait.delayMs > retry.parkBudgetMs
  if (spent && retry.onSpent === 'dead-letter') return { kind: 'dead-letter', reason: 'order-blocked', failure }
  return { kind: 'park', ...wait }
}

function tierOrPark(tiersMs: readonly number[], { delayMs, attempt }: Wait, nowMs: number): RetryDecision {
  const tierMs = tierFor(tiersMs, delayMs)
  if (tierMs === undefined) return { kind: 'park', delayMs, attempt }
  return { kind: 'tier', tierMs, dueAtMs: nowMs + delayMs, attempt }
}

const DEFERRAL_CODES = {
  snooze: 'SnoozeError',
  'rate-limited': 'RateLimitedError',
  'breaker-open': 'BreakerOpenError',
} as const

/** What to record when a deferral ends a task: it has no failure of its own. */
function deferralFailure(
  outcome: Extract<AttemptOutcome, { kind: 'deferred' }>,
  attempt: number,
  nowMs: number,
): Failure {
  return {
    code: DEFERRAL_CODES[outcome.because],
    message: `deferred (${outcome.because}) until ${isoTime(outcome.dueAtMs)}`,
    atMs: nowMs,
    attempt,
  }
}

function waitTooLong(failure: Failure, delayMs: number): Failure {
  const bound = `the longest wait is ${MAX_WAIT_MS} ms`
  return { ...failure, message: `asked to wait ${delayMs} ms, ${bound}: ${failure.message}` }
}

function isoTime(epochMs: number): string {
  const date = new Date(epochMs)
  return Number.isNaN(date.getTime()) ? String(epochMs) : date.toISOString()
}

function checkWaits(option: string, waitsMs: readonly number[]): void {
  const tooLong = waitsMs.find((waitMs) => !(waitMs <= MAX_WAIT_MS))
  if (tooLong === undefined) return
  throw new TowlineError(
    'TOWLINE_OPTION_INVALID',
    `${option} allows at most ${formatDelay(MAX_WAIT_MS)} (half the retention of a tier topic), got ${tooLong} ms`,
    { value: tooLong, bound: MAX_WAIT_MS, wayOut: `Shorten ${option}` },
  )
}
