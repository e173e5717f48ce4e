import type { Cancel, Clock } from '@towline/contracts'

export interface VirtualClockOptions {
  /** Wall-clock time it begins at, epoch milliseconds. Default 1,767,225,600,000: the first moment of 2026. */
  readonly startAtMs?: number
  /** Chooses among timers due at the same moment: a whole number below `among`. Default 0: the one set first. */
  readonly pick?: (among: number) => number
}

interface Timer {
  readonly atMs: number
  readonly action: () => void
}

const START_AT_MS = 1_767_225_600_000

/**
 * Time that passes only when told to. Timers run one after the other at their moments, and between two of them every
 * promise that can settle does ({@link settle}), so that one course of events has one order.
 */
export class VirtualClock implements Clock {
  readonly #pick: (among: number) => number
  /** By time; timers of one moment in the order they were set. */
  readonly #timers: Timer[] = []
  #monotonicMs = 0
  #wallOffsetMs: number

  constructor({ startAtMs = START_AT_MS, pick = () => 0 }: VirtualClockOptions = {}) {
    this.#wallOffsetMs = startAtMs
    this.#pick = pick
  }

  nowMs(): number {
    return this.#wallOffsetMs + this.#monotonicMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  after(delayMs: number, action: () => void): Cancel {
    const timer = { atMs: this.#monotonicMs + Math.max(0, delayMs), action }
    this.#timers.splice(this.#firstAfter(timer.atMs), 0, timer)
    return () => {
      const at = this.#timers.indexOf(timer)
      if (at !== -1) this.#timers.splice(at, 1)
    }
  }

  /** Timers set and not yet run or cancelled. */
  get pending(): number {
    return this.#timers.length
  }

  /** Moves the wall clock alone, forward or back, as an operator or NTP may. */
  jump(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  /** Lets `byMs` of time pass. Resolves when everything due till then has run and settled. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + byMs
    await settle()
    while (await this.step(untilMs)) {
      // each step settles
    }
    this.#monotonicMs = untilMs
  }

  /**
   * Lets time pass, timer by timer, until `isSo`. Returns how many milliseconds that took.
   *
   * @throws Error when it is not so within `withinMs`
   */
  async advanceUntil(isSo: () => boolean, withinMs: number): Promise<number> {
    const startMs = this.#monotonicMs
    await settle()
    while (!isSo()) {
      if (await this.step(startMs + withinMs)) continue
      throw new Error(`not within ${withinMs} ms of virtual time; ${this.pending} timers are left`)
    }
    return this.#monotonicMs - startMs
  }

  /**
   * Lets time pass, timer by timer, until `work` has settled, and answers as it does.
   *
   * @throws Error when no timer is left that could bring it about
   */
  async until<T>(work: Promise<T>): Promise<T> {
    let isSettled = false
    const settled = (): void => {
      isSettled = true
    }
    work.then(settled, settled)
    await settle()
    while (!isSettled) {
      if (!(await this.step())) throw new Error('the work waits for something that no timer brings')
    }
    return await work
  }

  /** Runs the next timer, at its moment, and lets what it did settle. False where none is due by `untilMs`, monotonic. */
  async step(untilMs: number = Number.POSITIVE_INFINITY): Promise<boolean> {
    const next = this.#due(untilMs)
    if (next === undefined) return false
    this.#monotonicMs = next.atMs
    next.action()
    await settle()
    return true
  }

  /** Takes the next timer due by `untilMs`. */
  #due(untilMs: number): Timer | undefined {
    const first = this.#timers[0]
    if (first === undefined || first.atMs > untilMs) return undefined
    const among = this.#firstAfter(first.atMs)
    return this.#timers.splice(among === 1 ? 0 : this.#pick(among), 1)[0]
  }

  /** The place of the first timer later than `atMs`. */
  #firstAfter(atMs: number): number {
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#timers[middle]?.atMs ?? 0) > atMs) high = middle
      else low = middle + 1
    }
    return low
  }
}

const MAX_TURNS = 100_000

/**
 * Resolves when no promise can settle and no immediate is waiting in this process. What waits for a real timer or for
 * real I/O is not seen.
 *
 * @throws Error when there is no end to it
 */
export async function settle(): Promise<void> {
  // Two that settle at once would each wait for the other's immediate.
  settling ??= settleAll()
  await settling
}

let settling: Promise<void> | undefined

async function settleAll(): Promise<void> {
  try {
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (!process.getActiveResourcesInfo().includes('Immediate')) return
    }
    throw new Error('the work of this process makes more work without end, and takes no time')
  } finally {
    settling = undefined
  }
}
