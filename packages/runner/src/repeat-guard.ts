import type { Cancel, Clock, TaskEnvelope } from '@towline/contracts'
import { RecentFinishes } from './recent-finishes.ts'
import type { TaskSlot } from './task-slot.ts'

const REREAD_AFTER_MS = 1_000

export interface RepeatGuardContext {
  readonly clock: Clock
  readonly dedupeCapacity: number
  readonly idempotencyRecords: number
  readonly isTier: boolean
  /** Envelopes of idempotent tasks below `base` in this partition, from the log: all of them have finished here. */
  finishedBelow(base: number): Promise<readonly TaskEnvelope[]>
}

/**
 * Tells repeats of one partition: a record whose (id, life, attempt) finished here, or whose life ended.
 *
 *   G1. In a tier only a spent attempt is remembered: a task that was deferred again, or hopped down, may come back to
 *       the partition it left as the same attempt.
 *
 * Tasks without an idempotency key are remembered while the assignment lasts. Those with one wait, the first time,
 * until the log below the base has been read again; a read that fails is tried again, they are never run blind.
 */
export class RepeatGuard {
  readonly #context: RepeatGuardContext
  readonly #recent: RecentFinishes
  readonly #idempotent: RecentFinishes
  #log: 'unread' | 'reading' | 'read' = 'unread'
  #isStopped = false
  #cancelReread: Cancel | undefined

  constructor(context: RepeatGuardContext) {
    this.#context = context
    this.#recent = new RecentFinishes(context.dedupeCapacity)
    this.#idempotent = new RecentFinishes(Math.max(1, context.idempotencyRecords))
  }

  isRepeat({ envelope, attempt }: TaskSlot): boolean {
    const run = { taskId: envelope.taskId, life: envelope.life, attempt }
    return this.#recent.has(run) || (envelope.idempotencyKey !== undefined && this.#idempotent.has(run))
  }

  /** The attempt was spent here or, where 'ended', its life ended here. */
  remember(envelope: TaskEnvelope, attempt: number | 'ended'): void {
    this.#recent.add(envelope.taskId, envelope.life, attempt)
    if (envelope.idempotencyKey !== undefined) this.#idempotent.add(envelope.taskId, envelope.life, attempt)
  }

  /** It finished here, and its attempt may not be spent: it was deferred, or nobody knows how it finished. */
  rememberUnspent(envelope: TaskEnvelope, attempt: number): void {
    if (!this.#context.isTier) this.remember(envelope, attempt) // G1
  }

  /** It cannot be told yet whether this task is a repeat: it waits for {@link readLog}. */
  mustWait({ envelope }: TaskSlot): boolean {
    return envelope.idempotencyKey !== undefined && !this.#context.isTier && this.#log !== 'read' // G1
  }

  /** Reads the log once; `then` runs when it was read, however many calls were made before. */
  readLog(base: number, then: () => void): void {
    if (this.#log !== 'unread') return
    this.#log = 'reading'
    void this.#read(base, then)
  }

  /** Nobody waits for the log any more: it is not asked for again. */
  stop(): void {
    this.#isStopped = true
    this.#cancelReread?.()
  }

  async #read(base: number, then: () => void): Promise<void> {
    try {
      for (const run of await this.#context.finishedBelow(base)) {
        this.#idempotent.add(run.taskId, run.life, run.attempt)
      }
      this.#log = 'read'
      then()
    } catch {
      if (this.#isStopped) return
      this.#cancelReread = this.#context.clock.after(REREAD_AFTER_MS, () => void this.#read(base, then))
    }
  }
}
