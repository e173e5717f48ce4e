/** Starts between two confirmed commits, in multiples of maxInFlight: far more than a commit interval takes. */
const STARTS_PER_COMMIT = 8

/**
 * How far one partition may run ahead of what its group knows. Whoever takes over after a crash knows no more than the
 * last confirmed commit: the tasks that may have run since must be so many at most that it can suspect all of them.
 */
export class StartAllowance {
  readonly #limit: number
  #started = 0
  #inCommit = 0
  #confirmed = 0

  constructor(maxInFlight: number) {
    this.#limit = STARTS_PER_COMMIT * maxInFlight
  }

  /** No attempt may start before the next commit is confirmed. */
  get isSpent(): boolean {
    return this.#started - this.#confirmed >= this.#limit
  }

  start(): void {
    this.#started += 1
  }

  /** What a commit says is taken down. */
  commitBegins(): void {
    this.#inCommit = this.#started
  }

  commitConfirmed(): void {
    this.#confirmed = this.#inCommit
  }
}

/**
 * How many tasks that a commit does not call finished its owner may have run, the first in offset order: those that have
 * started since, those that ran then, and those in memory that they overtook.
 */
export function suspectsOf(maxInFlight: number): number {
  return (STARTS_PER_COMMIT + 2) * maxInFlight
}
