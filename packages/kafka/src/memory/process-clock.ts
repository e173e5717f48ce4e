import type { Cancel, Clock } from '@towline/contracts'
import type { VirtualClock } from './virtual-clock.ts'

/** The clock of one simulated process on a machine: a frozen process runs no timer, and all that are overdue once it goes on. */
export class ProcessClock implements Clock {
  readonly #machine: VirtualClock
  readonly #overdue = new Set<() => void>()
  #isFrozen = false
  #skewMs = 0

  constructor(machine: VirtualClock) {
    this.#machine = machine
  }

  nowMs(): number {
    return this.#machine.nowMs() + this.#skewMs
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs()
  }

  after(delayMs: number, action: () => void): Cancel {
    const run = (): void => {
      if (this.#isFrozen) this.#overdue.add(action)
      else action()
    }
    const cancel = this.#machine.after(delayMs, run)
    return () => {
      cancel()
      this.#overdue.delete(action)
    }
  }

  /** Moves the wall clock of this process alone. */
  jump(byMs: number): void {
    this.#skewMs += byMs
  }

  /** As SIGSTOP does. For ever, it is a SIGKILL. */
  freeze(): void {
    this.#isFrozen = true
  }

  /** As SIGCONT does. */
  thaw(): void {
    this.#isFrozen = false
    for (const action of this.#overdue) this.#machine.after(0, () => this.#overdue.delete(action) && action())
  }
}
