import type { Cancel, Clock } from '@towline/contracts'

interface Timer {
  readonly atMs: number
  readonly action: () => void
}

/** A clock that moves only when told. */
export class VirtualClock implements Clock {
  readonly #timers = new Set<Timer>()
  readonly #epochMs = 1_700_000_000_000
  #monotonicMs = 0

  nowMs(): number {
    return this.#epochMs + Math.floor(this.#monotonicMs)
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  after(delayMs: number, action: () => void): Cancel {
    const timer = { atMs: this.#monotonicMs + Math.max(0, delayMs), action }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size
  }

  /** Runs one timer, the earliest, and moves time to it; false when none waits. */
  step(): boolean {
    const next = [...this.#timers].sort((a, b) => a.atMs - b.atMs)[0]
    if (next === undefined) return false
    this.#timers.delete(next)
    this.#monotonicMs = Math.max(this.#monotonicMs, next.atMs)
    next.action()
    return true
  }

  /** Moves time on, without running what falls due: the process was held up. */
  stall(byMs: number): void {
    this.#monotonicMs += byMs
  }

  /** Runs timers, and all that follows from each, until `work` has settled. Throws when nothing is left that could settle it. */
  async until<T>(work: Promise<T>): Promise<T> {
    let isSettled = false
    const watched = work.finally(() => {
      isSettled = true
    })
    watched.catch(() => undefined)
    for (let idleTurns = 0; ; ) {
      await settle()
      if (isSettled) return await watched
      idleTurns = this.step() ? 0 : idleTurns + 1
      if (idleTurns > 50) throw new Error('the work waits for something that no timer brings')
    }
  }
}

/** Lets every promise that can settle now do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}
