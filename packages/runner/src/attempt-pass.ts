import { context } from '@opentelemetry/api'
import type { AttemptOutcome } from '@towline/contracts'
import { Attempt, type AttemptListener } from './attempt.ts'
import { AttemptCall } from './attempt-call.ts'
import { AttemptSpan } from './attempt-span.ts'
import type { AttemptTrace } from './end-writer.ts'
import { promised } from './promised.ts'
import type { TaskFlowContext } from './task-flow.ts'
import type { TaskPass } from './task-pass.ts'

/** The pass of a task that runs an attempt: from its start until its outcome is written. */
export class AttemptPass implements AttemptListener {
  readonly #pass: TaskPass
  readonly #context: TaskFlowContext
  readonly #span: AttemptSpan
  readonly #startedAtMs: number
  readonly #startedMonotonicMs: number

  constructor(pass: TaskPass, input: unknown, flow: TaskFlowContext) {
    const { partition, slot } = pass
    this.#pass = pass
    this.#context = flow
    this.#span = new AttemptSpan(slot, flow.agent)
    this.#startedAtMs = flow.clock.nowMs()
    this.#startedMonotonicMs = flow.clock.monotonicMs()
    slot.startedMonotonicMs = this.#startedMonotonicMs
    const controller = new AbortController()
    const call = new AttemptCall(slot, input, controller.signal, flow)
    const attempt = context.with(this.#span.context, () => new Attempt(call, controller, flow, this))
    pass.begins()
    partition.started(slot, attempt)
    flow.onStarted(slot)
  }

  onOutcome(outcome: AttemptOutcome): void {
    const { clock, router, onOutcome } = this.#context
    const { partition, slot } = this.#pass
    const routing = promised(() => {
      onOutcome(slot, { outcome, durationMs: clock.monotonicMs() - this.#startedMonotonicMs })
      this.#span.end(outcome)
      const trace: AttemptTrace = { startedAtMs: this.#startedAtMs, traceparent: this.#span.traceparent }
      return router.route(partition, slot, outcome, trace)
    })
    this.#pass.follow(routing)
  }

  onOverdue(): void {
    this.#pass.overdue()
  }

  onSettled(): void {
    this.#pass.partition.settled(this.#pass.slot)
    this.#pass.settled()
  }
}
