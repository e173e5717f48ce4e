import { delayBeforeRetry } from '@towline/contracts'
import { eventsOf, formatAttempt, type History, type HistoryEvent, ROUNDING_MS } from './history.ts'
import { type Counterexample, type Verdict, verdictOf } from './verdict.ts'

const EARLY = 'An attempt began before the delay after the failed one was over'

/**
 * P11: the attempt after a failed one begins no earlier than its delay says. `delaysMs` are those of the agent: the first
 * comes before attempt 2, the last repeats.
 */
export function neverEarlyRetry(history: History, delaysMs: readonly number[]): Verdict {
  const failed = new Map<string, HistoryEvent<'threw'>>()
  const found: Counterexample[] = []
  for (const event of eventsOf(history, 'threw', 'started')) {
    if (event.kind === 'threw') {
      // The first: an attempt that ran again may have been moved on by whoever ran it before.
      if (!failed.has(formatAttempt(event))) failed.set(formatAttempt(event), event)
      continue
    }
    const retry = event.attempt - 1
    const before = failed.get(formatAttempt({ ...event, attempt: retry }))
    const waitedMs = before === undefined ? Number.POSITIVE_INFINITY : event.atMs - before.atMs
    if (before !== undefined && waitedMs + ROUNDING_MS < delayBeforeRetry(delaysMs, retry)) {
      found.push({ rule: EARLY, events: [before, event] })
    }
  }
  return verdictOf(history, found)
}
