/** Cancels what was scheduled; does nothing once it ran or was cancelled. */
export type Cancel = () => void

/**
 * Time as the code sees it, so that pure cores never read the real clock.
 *
 * `nowMs` is wall-clock time (epoch milliseconds) and may jump; `monotonicMs` never goes back and measures waits.
 */
export interface Clock {
  nowMs(): number
  monotonicMs(): number
  /** Runs `action` once after `delayMs` of monotonic time (at least 0). */
  after(delayMs: number, action: () => void): Cancel
}
