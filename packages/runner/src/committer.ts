import { type Clock, ownerOf } from '@towline/contracts'
import type { CommitEntry, CommitResult } from '@towline/kafka'
import type { Partition } from './partition.ts'

/** What the committer needs of its consumer. */
export interface CommitTarget {
  commit(entries: readonly CommitEntry[], deadlineMs: number): Promise<CommitResult>
  memberId(): string | null
  /** Time since the last fetch turn. A commit renews the session on the broker and would hide a dead fetch loop. */
  fetchAgeMs(): number
}

export interface CommitterContext {
  readonly target: CommitTarget
  readonly clock: Clock
  readonly intervalMs: number
  readonly sessionTimeoutMs: number
  partitions(): Iterable<Partition>
  onResult(result: CommitResult, partitions: number, durationMs: number): void
}

const COMMIT_DEADLINE_MS = 5_000

/**
 * Commits what changed: one commit in flight per consumer, each starting at least the interval after the previous one
 * started, while anything is dirty. A commit is confirmed by the broker's answer, never assumed.
 */
export class Committer {
  readonly #context: CommitterContext
  #phase: 'idle' | 'waiting' | 'committing' | 'stopped' = 'idle'
  #lastStartMs = Number.NEGATIVE_INFINITY
  #inFlight: Promise<unknown> = Promise.resolve()

  constructor(context: CommitterContext) {
    this.#context = context
  }

  /** Something is dirty. */
  wake(): void {
    if (this.#phase !== 'idle') return
    this.#phase = 'waiting'
    const { clock, intervalMs } = this.#context
    clock.after(Math.max(0, this.#lastStartMs + intervalMs - clock.monotonicMs()), () => this.#due())
  }

  /** The last commit of a drain, of every partition, `clean` where nothing runs. Nothing is committed afterwards. */
  async finish(): Promise<CommitResult> {
    this.#phase = 'stopped'
    await this.#inFlight
    const partitions = [...this.#context.partitions()].filter(({ mayCommit }) => mayCommit)
    return partitions.length === 0 ? 'confirmed' : await this.#commit(partitions, true)
  }

  stop(): void {
    this.#phase = 'stopped'
  }

  #due(): void {
    if (this.#phase !== 'waiting') return
    const dirty = [...this.#context.partitions()].filter((partition) => partition.isDirty)
    this.#phase = 'committing'
    if (dirty.length > 0) this.#lastStartMs = this.#context.clock.monotonicMs()
    this.#inFlight = this.#mayCommit() && dirty.length > 0 ? this.#commit(dirty, false) : Promise.resolve()
    void this.#inFlight.then(() => this.#ended())
  }

  #ended(): void {
    if (this.#phase !== 'committing') return
    this.#phase = 'idle'
    if ([...this.#context.partitions()].some(({ isDirty }) => isDirty)) this.wake()
  }

  #mayCommit(): boolean {
    return this.#context.target.fetchAgeMs() < this.#context.sessionTimeoutMs
  }

  async #commit(partitions: readonly Partition[], clean: boolean): Promise<CommitResult> {
    const { target, clock, onResult } = this.#context
    const memberId = target.memberId()
    if (memberId === null) return 'fenced'
    const startedMs = clock.monotonicMs()
    const owner = ownerOf(memberId)
    const entries = partitions.map((partition) => partition.commitEntry(owner, clean))
    const result = await target.commit(entries, COMMIT_DEADLINE_MS)
    for (const partition of partitions) {
      if (result === 'confirmed') partition.commitConfirmed()
      else partition.commitFailed()
    }
    onResult(result, partitions.length, clock.monotonicMs() - startedMs)
    return result
  }
}
