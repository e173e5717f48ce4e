import { type Clock, TowlineError } from '@towline/contracts'

/** How far a pace that fell behind may catch up, in milliseconds of its rate. */
const CATCH_UP_MS = 100

/** Lets calls through at no more than a rate per second, evenly. One caller at a time. */
export class Pace {
  readonly #clock: Clock
  readonly #intervalMs: number
  #nextAtMs: number

  /**
   * @param ratePerSecond Undefined: no limit.
   * @throws TowlineError TOWLINE_OPTION_INVALID when it is not above 0.
   */
  constructor(ratePerSecond: number | undefined, clock: Clock) {
    if (ratePerSecond !== undefined && !(ratePerSecond > 0)) {
      throw new TowlineError('TOWLINE_OPTION_INVALID', `rate must be above 0 per second, got ${ratePerSecond}`, {
        value: ratePerSecond,
        bound: 0,
      })
    }
    this.#clock = clock
    this.#intervalMs = ratePerSecond === undefined ? 0 : 1_000 / ratePerSecond
    this.#nextAtMs = clock.monotonicMs()
  }

  /** Resolves when the next call may go, or as soon as `signal` is aborted. */
  async turn(signal?: AbortSignal): Promise<void> {
    if (this.#intervalMs === 0) return
    const nowMs = this.#clock.monotonicMs()
    const atMs = Math.max(this.#nextAtMs, nowMs - CATCH_UP_MS)
    this.#nextAtMs = atMs + this.#intervalMs
    if (atMs > nowMs) await this.#wait(atMs - nowMs, signal)
  }

  #wait(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel()
        signal?.removeEventListener('abort', finish)
        resolve()
      }
      const cancel = this.#clock.after(delayMs, finish)
      signal?.addEventListener('abort', finish)
    })
  }
}
