import {
  type AttemptOutcome,
  type Clock,
  type DeadReason,
  type Failure,
  isTowlineError,
  type Logger,
} from '@towline/contracts'
import { SendDropped } from '@towline/kafka'
import { type AttemptTrace, type EndWriter, type HowItEnded, TaskEnd } from './end-writer.ts'
import type { EventWriter } from './event-writer.ts'
import type { Partition } from './partition.ts'
import { promised } from './promised.ts'
import type { FailureRouter, RetryableOutcome, RetryPolicy, SourceRecord } from './runner-ports.ts'
import type { TaskSlot } from './task-slot.ts'

/** What became of a task once its outcome was carried out. */
export type Disposition =
  /** It left this partition. `end` is null when it goes on in a tier as its next attempt, or was a repeat. */
  | { readonly kind: 'finished'; readonly end: TaskEnd | null }
  /** It left this partition and goes on in a tier as the same attempt: deferred, or hopping down. */
  | { readonly kind: 'passed-on' }
  /** It stays here and runs again after `delayMs`. */
  | { readonly kind: 'parked'; readonly delayMs: number }
  /** Nothing was written: it is redelivered, or is someone else's now. */
  | { readonly kind: 'left' }

export interface OutcomeRouterContext {
  readonly clock: Clock
  readonly policy: RetryPolicy
  readonly failures: FailureRouter
  readonly ends: EndWriter
  readonly events: EventWriter
  readonly log: Logger
  /** Told of every move to a tier and every park, before it is carried out. */
  onRetry(slot: TaskSlot, retry: RetryNotice): void
}

export type RetryNotice =
  | { readonly kind: 'tier'; readonly tierMs: number; readonly dueAtMs: number; readonly failure: Failure | null }
  | { readonly kind: 'parked'; readonly delayMs: number; readonly failure: Failure | null }

const GONE: Disposition = { kind: 'finished', end: null }
const NOT_STARTED: AttemptTrace = { startedAtMs: null, traceparent: undefined }
const FIRST_REWRITE_MS = 200
const LAST_REWRITE_MS = 5_000

/**
 * Carries out what an outcome asks for: the only place that writes ends, tiers and dead letters.
 *
 *   R1. A task is finished only after what it became is acknowledged by Kafka.
 *   R2. The end of a dead letter is written after the dead letter.
 *   R3. A write that fails is repeated until it succeeds or the partition is lost: the first end of a life counts, and
 *       repeated moves are dropped as duplicates.
 */
export class OutcomeRouter {
  readonly #context: OutcomeRouterContext

  constructor(context: OutcomeRouterContext) {
    this.#context = context
  }

  route(
    partition: Partition,
    slot: TaskSlot,
    outcome: AttemptOutcome,
    trace: AttemptTrace = NOT_STARTED,
  ): Promise<Disposition> {
    switch (outcome.kind) {
      case 'succeeded':
        return this.#end(partition, slot, { end: 'succeeded', attempts: slot.attempt, output: outcome.output }, trace)
      case 'expired':
        return this.#end(partition, slot, { end: 'expired', attempts: slot.attempt - 1 }, trace)
      case 'cancelled':
        return this.#end(partition, slot, { end: 'cancelled', attempts: slot.attempt - 1 }, trace)
      case 'rejected':
        return this.#deadLetter(partition, slot, { reason: outcome.reason, failure: outcome.failure, trace })
      case 'undecodable':
        return this.#deadLetter(partition, slot, { reason: 'undecodable', failure: outcome.failure, trace })
      case 'failed':
      case 'timed-out':
      case 'deferred':
        return this.#retry(partition, slot, outcome, trace)
      case 'interrupted':
        return Promise.resolve({ kind: 'left' })
      case 'duplicate':
        return Promise.resolve(GONE)
    }
  }

  /** Moves a task whose tier wait is over, but which is due later still, to a shorter tier. */
  async hop(partition: Partition, slot: TaskSlot, move: { tierMs: number; dueAtMs: number }): Promise<Disposition> {
    const { failures } = this.#context
    const source = { record: slot.record, envelope: slot.envelope }
    return await this.#persist(partition, { kind: 'passed-on' }, () =>
      failures.toTier(source, { ...move, attempt: slot.attempt }, undefined, partition.guard),
    )
  }

  async #retry(
    partition: Partition,
    slot: TaskSlot,
    outcome: RetryableOutcome,
    trace: AttemptTrace,
  ): Promise<Disposition> {
    const { clock, policy, failures } = this.#context
    const source = sourceOf(slot)
    const failure = outcome.kind === 'deferred' ? null : outcome.failure
    const decision = policy.decide({ task: source.envelope, outcome, parkedMs: slot.parkedMs, nowMs: clock.nowMs() })
    switch (decision.kind) {
      case 'park':
        this.#park(slot, outcome, decision.delayMs)
        return { kind: 'parked', delayMs: decision.delayMs }
      case 'dead-letter':
        return await this.#deadLetter(partition, slot, { ...decision, trace })
      case 'tier': {
        this.#context.onRetry(slot, { ...decision, failure })
        const moved: Disposition = outcome.kind === 'deferred' ? { kind: 'passed-on' } : GONE
        return await this.#persist(partition, moved, () =>
          failures.toTier(source, decision, failure ?? undefined, partition.guard),
        )
      }
    }
  }

  /** It goes on as its next attempt where the outcome spent one. */
  #park(slot: TaskSlot, outcome: RetryableOutcome, delayMs: number): void {
    const { clock, events, onRetry } = this.#context
    const atMs = clock.nowMs()
    const dueAtMs = atMs + delayMs
    if (outcome.kind === 'deferred') events.parked(slot, outcome.because, { atMs, dueAtMs })
    else events.attemptFailed(slot, outcome.failure, dueAtMs)
    onRetry(slot, { kind: 'parked', delayMs, failure: outcome.kind === 'deferred' ? null : outcome.failure })
    slot.parkedMs += delayMs
    if (outcome.kind === 'deferred') return
    slot.attempt += 1
    slot.spentInPlace += 1
    slot.firstFailure ??= outcome.failure
  }

  async #deadLetter(
    partition: Partition,
    slot: TaskSlot,
    death: { readonly reason: DeadReason; readonly failure: Failure; readonly trace: AttemptTrace },
  ): Promise<Disposition> {
    const { failures } = this.#context
    const { reason, failure } = death
    const attempts = reason === 'undecodable' ? slot.attempt - 1 : slot.attempt
    const buried = await this.#persist(partition, GONE, () =>
      failures.deadLetter(sourceOf(slot), reason, failure, partition.guard),
    )
    if (buried.kind === 'left') return buried
    return await this.#end(partition, slot, { end: 'dead-lettered', attempts, reason, failure }, death.trace) // R2
  }

  #end(partition: Partition, slot: TaskSlot, how: HowItEnded, trace: AttemptTrace): Promise<Disposition> {
    const { ends, clock } = this.#context
    const end = new TaskEnd(how, clock.nowMs(), trace)
    return this.#persist(partition, new Finished(end), () => ends.write(slot, end, partition.guard))
  }

  /** R3. Resolves to `then` once written, to `left` when the partition is lost. */
  #persist(
    partition: Partition,
    then: Disposition,
    write: () => Promise<unknown>,
    delayMs = FIRST_REWRITE_MS,
  ): Promise<Disposition> {
    return promised(write).then(
      () => then,
      async (error: unknown): Promise<Disposition> => {
        if (error instanceof SendDropped || partition.isLost) return { kind: 'left' }
        const code = isTowlineError(error) ? error.code : undefined
        this.#context.log.warn({ err: error, code, ...partition.tp }, 'an outcome could not be written; trying again')
        await new Promise<void>((resolve) => this.#context.clock.after(delayMs, resolve))
        return await this.#persist(partition, then, write, Math.min(delayMs * 2, LAST_REWRITE_MS))
      },
    )
  }
}

class Finished {
  readonly kind = 'finished'
  readonly end: TaskEnd

  constructor(end: TaskEnd) {
    this.end = end
  }
}

/** The task as it is now, attempts spent in place included. */
function sourceOf({ record, envelope, attempt, firstFailure }: TaskSlot): SourceRecord {
  const first = envelope.firstFailure ?? firstFailure
  return { record, envelope: { ...envelope, attempt, ...(first === undefined ? {} : { firstFailure: first }) } }
}
