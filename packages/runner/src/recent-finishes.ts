import { UuidTable } from './uuid-table.ts'

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
  /** Of each id the latest run, as {@link rankOf} counts. */
  readonly #latest: UuidTable

  constructor(capacity: number) {
    this.#latest = new UuidTable(capacity)
  }

  get size(): number {
    return this.#latest.size
  }

  /** `attempt` 'ended' closes the whole life. */
  add(taskId: string, life: number, attempt: number | 'ended'): void {
    this.#latest.raise(taskId, rankOf(life, attempt === 'ended' ? ENDED : Math.min(attempt, ENDED - 1)))
  }

  /** This run, a later one, or the end of its life is known to have finished. */
  has({ taskId, life, attempt }: RunIdentity): boolean {
    return rankOf(life, attempt) <= this.#latest.get(taskId)
  }
}

function rankOf(life: number, attempt: number): number {
  return life * LIFE_UNIT + attempt
}
