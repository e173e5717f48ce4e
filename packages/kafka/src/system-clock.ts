import type { Clock } from '@towline/contracts'

/** The longest delay a Node timer keeps; beyond it a timer fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** The machine's clock. A delay beyond 24 days fires after 24 days. Its timers keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS))
    return () => clearTimeout(timer)
  },
}
