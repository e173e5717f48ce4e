import type { Cancel, Clock } from '@towline/contracts'

interface Timer {
  readonly atMs: number
  readonly action: () => void
}

/** A clock that moves only when told; `jump` moves the wall clock alone. */
export class VirtualClock implements Clock {
  readonly #timers = new Set<Timer>()
  #monotonicMs = 0
  #offsetMs = 1_700_000_000_000

  nowMs(): number {
    return this.#offsetMs + this.#monotonicMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  after(delayMs: number, action: () => void): Cancel {
    const timer = { atMs: this.#monotonicMs + Math.max(0, delayMs), action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  get pending(): number {
    return this.#timers.size
  }

  jump(byMs: number): void {
    this.#offsetMs += byMs
  }

  /** Runs what is due on the way, in order, and lets promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + byMs
    for (;;) {
      await settle()
      const next = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.#timers.delete(next)
      this.#monotonicMs = next.atMs
      next.action()
    }
    this.#monotonicMs = untilMs
  }
}

/** Lets every promise that can settle now do so. */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}
