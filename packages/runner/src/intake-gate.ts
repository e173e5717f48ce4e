/** Why a partition is not being fetched. */
export type PauseCause = 'assigning' | 'full' | 'window' | 'not-due' | 'registry' | 'draining'

/**
 * Whether one partition is fetched: paused exactly while the set of causes is not empty, so that two causes never fight.
 * Tells `pause` and `resume` only when that changes.
 */
export class IntakeGate {
  readonly #causes = new Set<PauseCause>()
  readonly #pause: (causes: readonly PauseCause[]) => void
  readonly #resume: () => void

  constructor(pause: (causes: readonly PauseCause[]) => void, resume: () => void) {
    this.#pause = pause
    this.#resume = resume
  }

  get causes(): readonly PauseCause[] {
    return [...this.#causes]
  }

  has(cause: PauseCause): boolean {
    return this.#causes.has(cause)
  }

  set(cause: PauseCause, on: boolean): void {
    if (on) this.#add(cause)
    else this.#drop(cause)
  }

  #add(cause: PauseCause): void {
    if (this.#causes.has(cause)) return
    this.#causes.add(cause)
    if (this.#causes.size === 1) this.#pause(this.causes)
  }

  #drop(cause: PauseCause): void {
    if (!this.#causes.delete(cause)) return
    if (this.#causes.size === 0) this.#resume()
  }
}
