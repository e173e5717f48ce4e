import type { Cancel, Clock } from '@towline/contracts'

interface Timer {
  readonly atMs: number
  readonly action: () => void
}

/** A clock that moves only when told. Its wall clock may jump; its monotonic time may not. */
export class FakeClock implements Clock {
  #monotonicMs = 0
  #wallMs: number
  readonly #timers = new Set<Timer>()

  constructor(wallMs = 1_700_000_000_000) {
    this.#wallMs = wallMs
  }

  nowMs(): number {
    return this.#wallMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  get timers(): number {
    return this.#timers.size
  }

  after(delayMs: number, action: () => void): Cancel {
    const timer = { atMs: this.#monotonicMs + Math.max(delayMs, 0), action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  jumpWall(byMs: number): void {
    this.#wallMs += byMs
  }

  /** Moves both clocks and runs what is due, in order. */
  advance(byMs: number): void {
    const endMs = this.#monotonicMs + byMs
    for (;;) {
      const due = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.#move(due.atMs)
      this.#timers.delete(due)
      due.action()
    }
    this.#move(endMs)
  }

  #move(toMs: number): void {
    this.#wallMs += toMs - this.#monotonicMs
    this.#monotonicMs = toMs
  }
}
