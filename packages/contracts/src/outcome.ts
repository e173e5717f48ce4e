import type { Failure } from './failure.ts'

/** Why a task waits without spending an attempt. */
export type DeferCause = 'snooze' | 'rate-limited' | 'breaker-open'

/**
 * Why an attempt ended: the only input to routing, decided by one `switch`.
 *
 * | outcome | attempt spent | goes to |
 * |---|---|---|
 * | succeeded | yes | results |
 * | failed | yes | next tier or parked; dead letter when spent |
 * | timed-out | yes | as failed |
 * | rejected | yes | dead letter now |
 * | undecodable | no | dead letter now, bytes as they came |
 * | deferred | no | tier or parked |
 * | interrupted | no | nowhere: redelivered |
 * | cancelled, expired | no | results |
 * | duplicate | no | dropped and counted |
 */
export type AttemptOutcome =
  | { readonly kind: 'succeeded'; readonly output: Buffer | null }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly retryAfterMs?: number }
  | { readonly kind: 'timed-out'; readonly failure: Failure }
  | { readonly kind: 'rejected'; readonly reason: 'terminal' | 'too-large'; readonly failure: Failure }
  | { readonly kind: 'undecodable'; readonly failure: Failure }
  | { readonly kind: 'deferred'; readonly dueAtMs: number; readonly because: DeferCause }
  | { readonly kind: 'interrupted'; readonly by: 'drain' | 'lost' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'duplicate' }
