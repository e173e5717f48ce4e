import type { Clock } from '@towline/contracts'

/** Wakes whoever waits for something to have changed. A beat that nobody waits for is forgotten. */
export class Pulse {
  readonly #waiting = new Set<() => void>()

  beat(): void {
    if (this.#waiting.size === 0) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.add(resolve)
    return promise
  }

  /** Waits for a beat, at most `delayMs`. */
  async waitAtMost(delayMs: number, clock: Clock): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.add(resolve)
    const cancel = clock.after(delayMs, resolve)
    await promise
    cancel()
    this.#waiting.delete(resolve)
  }
}
