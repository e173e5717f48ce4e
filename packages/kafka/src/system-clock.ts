import type { Clock } from '@towline/contracts'

/** The longest delay a Node timer keeps; beyond it a timer fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Node's timers fire up to a millisecond before their time; a retry must not. */
const EARLY_MS = 1

/** The machine's clock. A delay beyond 24 days fires after 24 days, none early. Its timers keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs > 0 ? Math.min(Math.ceil(delayMs) + EARLY_MS, MAX_TIMER_MS) : 0)
    return () => clearTimeout(timer)
  },
}
