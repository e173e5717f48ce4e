/** A clock the test moves, in one step that nothing else interrupts: a `Clock` of @towline/contracts. */
export class ManualClock {
  #monotonicMs = 0
  #wallOffsetMs: number
  #timers: { readonly atMs: number; readonly action: () => void }[] = []

  constructor(startAtMs = 1_700_000_000_000) {
    this.#wallOffsetMs = startAtMs
  }

  nowMs(): number {
    return this.#wallOffsetMs + this.#monotonicMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  /** Timers set and not yet run or cancelled. */
  get pending(): number {
    return this.#timers.length
  }

  /** Moves the wall clock alone. */
  jump(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { atMs: this.#monotonicMs + Math.max(0, delayMs), action }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Moves time on and runs what is due on the way, in order. */
  advance(byMs: number): void {
    const untilMs = this.#monotonicMs + byMs
    for (;;) {
      const due = this.#timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== due)
      this.#monotonicMs = Math.max(this.#monotonicMs, due.atMs)
      due.action()
    }
    this.#monotonicMs = untilMs
  }
}
