import type { Disposition } from './outcome-router.ts'
import type { Partition } from './partition.ts'
import type { TaskSlot } from './task-slot.ts'

/** Who is told how a pass goes. */
export interface PassOwner {
  /** Its handler has settled. */
  onSettled(pass: TaskPass): void
  /** Its outcome is carried out, whatever the handler still does. */
  onRouted(pass: TaskPass, disposition: Disposition): void
  /** Its handler ignores that it was interrupted. */
  onOverdue(pass: TaskPass): void
  /** Its outcome is carried out and nothing of it runs any more. */
  onOver(pass: TaskPass, disposition: Disposition): void
  /** It could not be run or routed, and nothing of it runs any more. */
  onFailed(pass: TaskPass, error: unknown): void
}

/**
 * One pass of a task from its lane until its outcome is carried out and its handler has settled, whichever is last.
 * Told by calls: every task makes one, and a promise with what waits for it would be several objects more.
 *
 *   W1. It ends once, by {@link PassOwner.onOver} or {@link PassOwner.onFailed}, and never while its handler runs.
 *   W2. An owner that throws where it is told an outcome makes the pass fail.
 */
export class TaskPass {
  readonly partition: Partition
  readonly slot: TaskSlot
  /** It shows whether the registry answers again. */
  readonly isProbe: boolean
  /** For its owner. */
  holdsPermit = true
  readonly #owner: PassOwner
  #isRunning = false
  #isOverdue = false
  #hasFailed = false
  #error: unknown
  #disposition: Disposition | undefined

  constructor(partition: Partition, slot: TaskSlot, isProbe: boolean, owner: PassOwner) {
    this.partition = partition
    this.slot = slot
    this.isProbe = isProbe
    this.#owner = owner
  }

  /** {@link PassOwner.onOverdue} was told. */
  get isOverdue(): boolean {
    return this.#isOverdue
  }

  /** A handler runs now, until {@link settled}, which must be called. */
  begins(): void {
    this.#isRunning = true
  }

  /** Its handler still runs although it was interrupted and the abort grace is over. */
  overdue(): void {
    if (!this.#isRunning || this.#isOverdue) return
    this.#isOverdue = true
    this.#owner.onOverdue(this)
  }

  settled(): void {
    this.#isRunning = false
    this.#owner.onSettled(this)
    if (this.#hasFailed) this.#owner.onFailed(this, this.#error)
    else if (this.#disposition !== undefined) this.#owner.onOver(this, this.#disposition)
  }

  routed(disposition: Disposition): void {
    if (this.#hasFailed) return
    try {
      this.#owner.onRouted(this, disposition)
    } catch (error) {
      this.failed(error)
      return
    }
    this.#disposition = disposition
    if (!this.#isRunning) this.#owner.onOver(this, disposition)
  }

  /** Is routed as `routing` resolves to, and fails as it rejects. */
  follow(routing: Promise<Disposition>): void {
    routing.then(
      (disposition) => this.routed(disposition),
      (error: unknown) => this.failed(error),
    )
  }

  failed(error: unknown): void {
    if (this.#hasFailed || this.#disposition !== undefined) return
    this.#hasFailed = true
    this.#error = error
    if (!this.#isRunning) this.#owner.onFailed(this, error)
  }
}
