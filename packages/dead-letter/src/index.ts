/**
 * Retry policy, the ladder of tier topics, dead letters as a ledger, redrive and purge.
 *
 * ```ts
 * const letters = deadLetters({ reader, admin, sender, names: topicNames('researcher'), schemas, clock: systemClock })
 * const { open, groups } = await letters.list()
 * await letters.redrive({ filter: { error: groups[0].fingerprint }, rate: 50, by: 'ana', reason: 'fixed in 1.4.2' })
 * ```
 */
export {
  DEAD_LETTER_STATES,
  type DeadLetter,
  type DeadLetterError,
  type DeadLetterGroup,
  type DeadLetterList,
  type DeadLetterState,
} from './dead-letter.ts'
export type { DeadLetterFilter, DeadLetterSelection } from './dead-letter-filter.ts'
export { type DeadLetters, type DeadLettersOptions, deadLetters } from './dead-letters.ts'
export { type ErrorKind, errorKind } from './error-fingerprint.ts'
export { createFailureRouter, type FailureRouter, type FailureRouterOptions } from './failure-router.ts'
export { MAX_WAIT_MS, type TierVerdict, tierFor, whenTierIsOver } from './ladder.ts'
export type { ReadResolution, SourceRecord, TierMove } from './moved-record.ts'
export type { ResolveOptions } from './resolve-letters.ts'
export type {
  ResolveCounts,
  ResolveItem,
  ResolveOutcome,
  ResolveProgress,
  ResolveReport,
} from './resolve-report.ts'
export { createRetryPolicy, type RetryableOutcome, type RetryPolicy, type RetryQuestion } from './retry-policy.ts'
export type { Sender } from './sender.ts'
export type { DeadLetterDetail, ShownPayload } from './show-dead-letter.ts'
export type { KnownEnd } from './task-end.ts'
