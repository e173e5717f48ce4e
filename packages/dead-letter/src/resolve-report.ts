import type { RecordPosition, Resolution, TowlineError } from '@towline/contracts'
import type { DeadLetterState } from './dead-letter.ts'

/**
 * What became of one dead letter.
 *
 * - `redriven`, `purged`: its resolution is written. `sentTo` is null for a purge, and for a redrive whose next life had
 *   been sent before by one that did not get to write the resolution.
 * - `eligible`: what a dry run would redrive or purge.
 * - `refused`: it cannot be redriven, now or later, unless what the error says is changed.
 * - `failed`: a write or read failed; it stays open, and doing it again is safe.
 * - `skipped`: it was named, and is not open.
 * - `not-attempted`: the call was stopped before its turn; it stays open.
 * - `not-found`: it was named, and no dead letter of that name is retained.
 */
export type ResolveOutcome =
  | { readonly kind: Resolution; readonly sentTo: RecordPosition | null }
  | { readonly kind: 'eligible' }
  | { readonly kind: 'refused'; readonly error: TowlineError }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'skipped'; readonly because: Exclude<DeadLetterState, 'open'> }
  | { readonly kind: 'not-attempted' }
  | { readonly kind: 'not-found' }

export interface ResolveItem {
  readonly taskId: string
  /** Null for what was named without a life and not found. */
  readonly life: number | null
  readonly outcome: ResolveOutcome
}

export type ResolveCounts = Readonly<Record<ResolveOutcome['kind'], number>>

/** What a redrive or purge did. `redriven + refused + failed + not-attempted` are the open letters it was about. */
export interface ResolveReport {
  /** Id of this redrive, in `towline-redrive` of what it sent and resolved; null for a purge. */
  readonly redriveId: string | null
  readonly dryRun: boolean
  /** Dead letters that were matched, of any state. */
  readonly matched: number
  readonly counts: ResolveCounts
  /** One per open letter, oldest first, and one per name for what was named and is not open. */
  readonly items: readonly ResolveItem[]
  /** Why it ended early: the signal, or a cluster that stopped answering. */
  readonly stoppedBy: 'signal' | 'failure' | null
}

export interface ResolveProgress {
  readonly done: number
  readonly total: number
  readonly counts: ResolveCounts
}

export const NO_COUNTS: ResolveCounts = {
  redriven: 0,
  purged: 0,
  eligible: 0,
  refused: 0,
  failed: 0,
  skipped: 0,
  'not-attempted': 0,
  'not-found': 0,
}
