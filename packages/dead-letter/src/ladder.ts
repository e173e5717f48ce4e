// The ladder of retry tiers: which topic a wait goes to, and what to do when its wait there is over. Pure.
//   L1. A tier never holds a task longer than what remains of its wait: the tier chosen is the longest not above it.
//   L2. Hops only go down in what remains, and each takes at least the shortest tier: a ladder ends.
//   L3. Nothing runs before `towline-due-at` by the wall clock of the moment its tier was over.

/** Longest a task may wait, in milliseconds: half the default retention of a tier topic (7 days). */
export const MAX_WAIT_MS = 302_400_000

/** What to do with a record whose wait in its tier is over. */
export type TierVerdict =
  | { readonly kind: 'run' }
  /** Move it to the tier of `tierMs`, with the same attempt and the same `towline-due-at`. */
  | { readonly kind: 'hop'; readonly tierMs: number }
  /** Less than the shortest tier remains: wait it out in the runner. */
  | { readonly kind: 'wait'; readonly delayMs: number }

/** The longest tier not above `delayMs`, or undefined where even the shortest is longer. `tiersMs` is ascending. */
export function tierFor(tiersMs: readonly number[], delayMs: number): number | undefined {
  return tiersMs.findLast((tierMs) => tierMs <= delayMs)
}

/**
 * Decides by the wall clock when a record's wait in its tier is over. A record without `towline-due-at` runs: its tier
 * was its whole wait. The tiers are those configured today, whichever tier the record comes from.
 */
export function whenTierIsOver(tiersMs: readonly number[], dueAtMs: number | undefined, nowMs: number): TierVerdict {
  const remainingMs = (dueAtMs ?? nowMs) - nowMs
  if (remainingMs <= 0) return { kind: 'run' }
  const tierMs = tierFor(tiersMs, remainingMs)
  return tierMs === undefined ? { kind: 'wait', delayMs: remainingMs } : { kind: 'hop', tierMs }
}
