import type { DeadReason } from './end.ts'
import type { Failure } from './failure.ts'

/** What becomes of a task that failed, timed out or was deferred. Decided by the retry policy, carried out by the runner. */
export type RetryDecision =
  /** Move it to the tier of `tierMs`; it is due at `dueAtMs` (the tier hops it down where it comes earlier). */
  | { readonly kind: 'tier'; readonly tierMs: number; readonly dueAtMs: number; readonly attempt: number }
  /** Keep it, and its key, in the runner for `delayMs`. */
  | { readonly kind: 'park'; readonly delayMs: number; readonly attempt: number }
  /** `failure` is what the dead letter records: a deferral that ends a task has none of its own. */
  | { readonly kind: 'dead-letter'; readonly reason: DeadReason; readonly failure: Failure }
