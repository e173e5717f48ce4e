import type { Cancel, Clock } from '@towline/contracts'

/** What runs into its timeout. */
export interface Timed {
  onTimeout(): void
}

/**
 * The timeouts of the attempts of one agent. All last as long, so they are due in the order they began and one timer of
 * the clock, for the oldest, does for all. A timer each is felt where handlers are short.
 */
export class AttemptTimeouts {
  readonly timeoutMs: number
  readonly #clock: Clock
  /** When each is due, on the monotonic clock; the oldest first. */
  readonly #dueAtMs = new Map<Timed, number>()
  #cancelTimer: Cancel | undefined

  constructor(timeoutMs: number, clock: Clock) {
    this.timeoutMs = timeoutMs
    this.#clock = clock
  }

  begin(attempt: Timed): void {
    this.#dueAtMs.set(attempt, this.#clock.monotonicMs() + this.timeoutMs)
    if (this.#cancelTimer === undefined) this.#arm(this.timeoutMs)
  }

  /** It is over, or was told. Idempotent. */
  end(attempt: Timed): void {
    this.#dueAtMs.delete(attempt)
    if (this.#dueAtMs.size > 0) return
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #arm(delayMs: number): void {
    this.#cancelTimer = this.#clock.after(delayMs, () => this.#expire())
  }

  /** The timer was set for an attempt that may have ended meanwhile: then it is set again, for the oldest there is. */
  #expire(): void {
    this.#cancelTimer = undefined
    const due = [...this.#due(this.#clock.monotonicMs())]
    for (const attempt of due) this.#dueAtMs.delete(attempt)
    const [oldest] = this.#dueAtMs.values()
    if (oldest !== undefined) this.#arm(oldest - this.#clock.monotonicMs())
    for (const attempt of due) attempt.onTimeout()
  }

  *#due(nowMs: number): Iterable<Timed> {
    for (const [attempt, dueAtMs] of this.#dueAtMs) {
      if (dueAtMs > nowMs) return
      yield attempt
    }
  }
}
