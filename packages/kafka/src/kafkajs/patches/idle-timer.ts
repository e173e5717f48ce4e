import type { KafkajsRequestQueue } from '../kafkajs-internals.ts'

const WAIT_FOR_IN_FLIGHT_MS = 10

/**
 * kafkajs re-arms a timer after every response, with a negative delay when nothing is throttled: a wake-up every
 * millisecond and connection, for ever, and Node's TimeoutNegativeWarning (tulios/kafkajs#1556, #1751).
 * Patched, a timer is armed only while requests wait.
 */
export function patchIdleTimer(queue: KafkajsRequestQueue): void {
  queue.scheduleCheckPendingRequests = function (this: KafkajsRequestQueue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return
    const throttledMs = this.throttledUntil - Date.now()
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null
        this.checkPendingRequests()
      },
      throttledMs > 0 ? throttledMs : WAIT_FOR_IN_FLIGHT_MS,
    )
  }
}
