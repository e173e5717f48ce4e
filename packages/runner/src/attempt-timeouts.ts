import type { Cancel, Clock } from '@towline/contracts'

/** What runs into its timeout. */
export interface Timed {
  onTimeout(): void
}

/** A timeout that has begun, between the one that began before and the one that began after. Ended: it holds nothing. */
export class RunningTimeout {
  readonly dueAtMs: number
  timed: Timed | undefined
  before: RunningTimeout | undefined
  after: RunningTimeout | undefined = undefined

  constructor(timed: Timed, dueAtMs: number, before: RunningTimeout | undefined) {
    this.timed = timed
    this.dueAtMs = dueAtMs
    this.before = before
  }
}

/**
 * The timeouts of the attempts of one agent. All last as long, so they are due in the order they began and one timer of
 * the clock, for the oldest, does for all. A timer each is felt where handlers are short.
 */
export class AttemptTimeouts {
  readonly timeoutMs: number
  readonly #clock: Clock
  #oldest: RunningTimeout | undefined
  #newest: RunningTimeout | undefined
  #cancelTimer: Cancel | undefined

  constructor(timeoutMs: number, clock: Clock) {
    this.timeoutMs = timeoutMs
    this.#clock = clock
  }

  begin(timed: Timed): RunningTimeout {
    const dueAtMs = this.#clock.monotonicMs() + this.timeoutMs
    const timeout = new RunningTimeout(timed, dueAtMs, this.#newest)
    if (this.#newest === undefined) this.#oldest = timeout
    else this.#newest.after = timeout
    this.#newest = timeout
    if (this.#cancelTimer === undefined) this.#arm(this.timeoutMs)
    return timeout
  }

  /** It is over, or was told. Idempotent. */
  end(timeout: RunningTimeout): void {
    if (timeout.timed === undefined) return
    this.#unlink(timeout)
    if (this.#oldest !== undefined) return
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  /** Tells nobody any more: what still runs is left to itself, and keeps no process alive. */
  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#oldest = undefined
    this.#newest = undefined
  }

  #unlink(timeout: RunningTimeout): void {
    const { before, after } = timeout
    if (before === undefined) this.#oldest = after
    else before.after = after
    if (after === undefined) this.#newest = before
    else after.before = before
    timeout.timed = undefined
    timeout.before = undefined
    timeout.after = undefined
  }

  #arm(delayMs: number): void {
    this.#cancelTimer = this.#clock.after(delayMs, () => this.#expire())
  }

  /** The timer was set for an attempt that may have ended meanwhile: then it is set again, for the oldest there is. */
  #expire(): void {
    this.#cancelTimer = undefined
    const due = this.#takeDue(this.#clock.monotonicMs())
    if (this.#oldest !== undefined) this.#arm(this.#oldest.dueAtMs - this.#clock.monotonicMs())
    for (const timed of due) timed.onTimeout()
  }

  #takeDue(nowMs: number): readonly Timed[] {
    const due: Timed[] = []
    for (let oldest = this.#oldest; oldest !== undefined && oldest.dueAtMs <= nowMs; oldest = this.#oldest) {
      if (oldest.timed !== undefined) due.push(oldest.timed)
      this.#unlink(oldest)
    }
    return due
  }
}
