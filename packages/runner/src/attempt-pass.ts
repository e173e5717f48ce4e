import { context } from '@opentelemetry/api'
import type { AttemptOutcome, AttemptRequest } from '@towline/contracts'
import { Attempt, type AttemptListener } from './attempt.ts'
import { AttemptSpan } from './attempt-span.ts'
import type { AttemptTrace, Disposition } from './outcome-router.ts'
import type { Partition } from './partition.ts'
import { promised } from './promised.ts'
import type { FlowResult, TaskFlowContext } from './task-flow.ts'
import type { TaskSlot } from './task-slot.ts'

/** A task that is out of its lane. */
export interface TaskOut {
  readonly partition: Partition
  readonly slot: TaskSlot
  /** Runs when the handler has settled: its permit is free. */
  onSettled(): void
}

/**
 * One attempt of a task from its start until its outcome is written.
 *
 * Every task makes one, so it is told by calls what async functions would wait for, each of which keeps its frame;
 * and it lets go of the attempt when the handler has settled: what lives until the outcome is acknowledged is copied by
 * the garbage collector.
 */
export class AttemptPass implements AttemptListener {
  readonly result: Promise<FlowResult>
  readonly #context: TaskFlowContext
  readonly #task: TaskOut
  readonly #span: AttemptSpan
  readonly #startedAtMs: number
  readonly #startedMonotonicMs: number
  readonly #resolve: (result: FlowResult) => void
  readonly #reject: (error: unknown) => void
  /** Undefined once the handler has settled. */
  #attempt: Attempt | undefined

  constructor(task: TaskOut, request: Omit<AttemptRequest, 'signal'>, flow: TaskFlowContext) {
    const { promise, resolve, reject } = Promise.withResolvers<FlowResult>()
    const { partition, slot } = task
    this.result = promise
    this.#resolve = resolve
    this.#reject = reject
    this.#context = flow
    this.#task = task
    this.#span = new AttemptSpan(slot, flow.agent)
    this.#startedAtMs = flow.clock.nowMs()
    this.#startedMonotonicMs = flow.clock.monotonicMs()
    slot.startedMonotonicMs = this.#startedMonotonicMs
    const attempt = context.with(this.#span.context, () => new Attempt(request, flow, this))
    this.#attempt = attempt
    partition.started(slot, attempt)
    flow.onStarted(slot)
  }

  onOutcome(outcome: AttemptOutcome): void {
    const { partition, slot } = this.#task
    const { router, clock, onOutcome } = this.#context
    promised(() => {
      onOutcome(slot, { outcome, durationMs: clock.monotonicMs() - this.#startedMonotonicMs })
      this.#span.end(outcome)
      const trace: AttemptTrace = { startedAtMs: this.#startedAtMs, traceparent: this.#span.traceparent }
      return router.route(partition, slot, outcome, trace)
    }).then((disposition) => this.#routed(outcome, disposition), this.#reject)
  }

  onSettled(): void {
    this.#attempt = undefined
    this.#task.partition.settled(this.#task.slot)
    this.#task.onSettled()
  }

  #routed(outcome: AttemptOutcome, disposition: Disposition): void {
    this.#spend(outcome, disposition)
    this.#resolve({ disposition, stillRunning: this.#attempt?.settled })
  }

  /** A parked task goes on as its next attempt where the outcome spent one. */
  #spend(outcome: AttemptOutcome, disposition: Disposition): void {
    if (disposition.kind !== 'parked') return
    const { slot } = this.#task
    slot.parkedMs += disposition.delayMs
    if (outcome.kind === 'failed' || outcome.kind === 'timed-out') {
      slot.attempt += 1
      slot.firstFailure ??= outcome.failure
      slot.spentInPlace += 1
    }
  }
}
