// When the next record of a rate-limited run may go. Pure: time is handed in.
//
//   R1. Record n is due n / rate seconds after the first. Waits that end late do not add up: the schedule is absolute.
//   R2. A run that was held up catches up on at most one second; the rest of the delay moves the schedule, so that a
//       broker back from an outage is not met by a burst.

const MAX_CATCH_UP_MS = 1_000

export class Pacer {
  readonly #intervalMs: number
  #originMs: number
  #taken = 0

  constructor(ratePerSecond: number, startMs: number) {
    this.#intervalMs = 1_000 / ratePerSecond
    this.#originMs = startMs
  }

  /** How long the next record must still wait, in milliseconds; 0 when it may go. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#dueMs - nowMs)
  }

  /** The next record goes now. */
  take(nowMs: number): void {
    const lateMs = nowMs - this.#dueMs
    if (lateMs > MAX_CATCH_UP_MS) this.#originMs += lateMs - MAX_CATCH_UP_MS
    this.#taken += 1
  }

  get #dueMs(): number {
    return this.#originMs + this.#taken * this.#intervalMs
  }
}
