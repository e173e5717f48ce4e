import { NOTE_BODY_MAX_BYTES } from '@towline/contracts'

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

/** Unfinished tasks that one may overtake: a note of which these wait would have no room for its mark. */
const MOST_OVERTAKEN = 8 * NOTE_BODY_MAX_BYTES

/**
 * How many tasks that a commit neither calls finished nor lists as started its owner may have run, the first in offset
 * order: those that have started since, and those that they overtook. A fetch is taken whole, so that these are not
 * bounded by maxInFlight.
 */
export function suspectsOf(maxInFlight: number): number {
  return STARTS_PER_COMMIT * maxInFlight + MOST_OVERTAKEN
}
