/** Whose permits an attempt uses: replayed tasks get at most a quarter. */
export type PermitKind = 'live' | 'replay'

export interface AdmissionLimits {
  /** Attempts running at once. */
  readonly concurrency: number
  /** Tasks admitted and not finished, running ones included. */
  readonly maxInFlight: number
  readonly maxInFlightBytes: number
}

/**
 * Decides whether a task of one agent may start, and whether more may be fetched. Pure bookkeeping.
 *
 * `isFull` turns true at either in-flight limit and false again at half of both: a low-water mark, so that intake does
 * not flap. `onFullChange` hears every turn.
 */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #onFullChange: (isFull: boolean) => void
  readonly #running: Record<PermitKind, number> = { live: 0, replay: 0 }
  #inFlight = 0
  #inFlightBytes = 0
  #isFull = false

  constructor(limits: AdmissionLimits, onFullChange: (isFull: boolean) => void) {
    this.#limits = limits
    this.#onFullChange = onFullChange
  }

  get running(): number {
    return this.#running.live + this.#running.replay
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get isFull(): boolean {
    return this.#isFull
  }

  get concurrency(): number {
    return this.#limits.concurrency
  }

  canStart(kind: PermitKind): boolean {
    if (this.running >= this.#limits.concurrency) return false
    return kind === 'live' || this.#running.replay < Math.max(1, Math.floor(this.#limits.concurrency / 4))
  }

  takePermit(kind: PermitKind): void {
    this.#running[kind] += 1
  }

  returnPermit(kind: PermitKind): void {
    this.#running[kind] -= 1
  }

  admit(bytes: number): void {
    this.#inFlight += 1
    this.#inFlightBytes += bytes
    this.#review()
  }

  leave(bytes: number): void {
    this.#inFlight -= 1
    this.#inFlightBytes -= bytes
    this.#review()
  }

  #review(): void {
    const { maxInFlight, maxInFlightBytes } = this.#limits
    const isFull = this.#isFull
      ? this.#inFlight > maxInFlight / 2 || this.#inFlightBytes > maxInFlightBytes / 2
      : this.#inFlight >= maxInFlight || this.#inFlightBytes >= maxInFlightBytes
    if (isFull === this.#isFull) return
    this.#isFull = isFull
    this.#onFullChange(isFull)
  }
}
