/** Which run of a task's course a record is for. */
export interface RunIdentity {
  readonly taskId: string
  readonly life: number
  readonly attempt: number
}

const LIFE_UNIT = 1_000_000
const ENDED = LIFE_UNIT - 1

/**
 * The last (id, life, attempt) that finished in one partition, so that a repeated record is dropped: a publish retried
 * by the network, a tier move repeated after a crash, a redrive done twice. Bounded; the oldest id leaves first.
 */
export class RecentFinishes {
  readonly #latest = new Map<string, number>()
  readonly #ring: string[]
  readonly #capacity: number
  #at = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#ring = []
  }

  get size(): number {
    return this.#latest.size
  }

  /** `attempt` 'ended' closes the whole life. */
  add(taskId: string, life: number, attempt: number | 'ended'): void {
    const rank = life * LIFE_UNIT + (attempt === 'ended' ? ENDED : Math.min(attempt, ENDED - 1))
    const known = this.#latest.get(taskId)
    if (known !== undefined) {
      if (rank > known) this.#latest.set(taskId, rank)
      return
    }
    const oldest = this.#ring[this.#at]
    if (oldest !== undefined) this.#latest.delete(oldest)
    this.#ring[this.#at] = taskId
    this.#at = (this.#at + 1) % this.#capacity
    this.#latest.set(taskId, rank)
  }

  /** This run, a later one, or the end of its life is known to have finished. */
  has({ taskId, life, attempt }: RunIdentity): boolean {
    const known = this.#latest.get(taskId)
    return known !== undefined && life * LIFE_UNIT + attempt <= known
  }
}
