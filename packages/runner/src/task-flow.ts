import {
  type AttemptOutcome,
  type AvroCodec,
  type Clock,
  type Decoded,
  failureOf,
  type Logger,
  TowlineError,
} from '@towline/contracts'
import type { AttemptContext } from './attempt.ts'
import { AttemptPass } from './attempt-pass.ts'
import type { EventWriter } from './event-writer.ts'
import type { OutcomeRouter } from './outcome-router.ts'
import type { ChildPublisher, RetryPolicy } from './runner-ports.ts'
import type { TaskPass } from './task-pass.ts'
import type { TaskSlot } from './task-slot.ts'

export interface TaskFlowContext extends AttemptContext {
  readonly agent: string
  readonly clock: Clock
  readonly log: Logger
  readonly inputCodec: AvroCodec<unknown>
  readonly policy: RetryPolicy
  readonly router: OutcomeRouter
  readonly events: EventWriter
  readonly children: ChildPublisher | undefined
  onStarted(slot: TaskSlot): void
  onOutcome(slot: TaskSlot, ended: { readonly outcome: AttemptOutcome; readonly durationMs: number }): void
}

/** Takes tasks from their lanes: tells a repeat, an expired or a not yet due one, or decodes it, runs and routes it. */
export class TaskFlow {
  readonly #context: TaskFlowContext

  constructor(context: TaskFlowContext) {
    this.#context = context
  }

  /** A pass fails with TOWLINE_REGISTRY_UNAVAILABLE before anything happened to its task (D8). */
  run(pass: TaskPass): void {
    const early = this.#outcomeWithoutAttempt(pass)
    if (early !== undefined) this.#routeEarly(pass, early)
    else if (!this.#waitsOn(pass)) this.#decode(pass)
  }

  /** It is not due yet: it waits on, here or in a shorter tier. */
  #waitsOn(pass: TaskPass): boolean {
    const { policy, clock } = this.#context
    const tier = policy.whenTierIsOver(pass.slot.envelope.dueAtMs, clock.nowMs())
    switch (tier.kind) {
      case 'wait':
        pass.routed({ kind: 'parked', delayMs: tier.delayMs })
        return true
      case 'hop':
        this.#hop(pass, tier.tierMs)
        return true
      case 'run': {
        const restMs = this.#restOfPark(pass.slot)
        if (restMs > 0) pass.routed({ kind: 'parked', delayMs: restMs })
        return restMs > 0
      }
    }
  }

  #decode(pass: TaskPass): void {
    const decoded = this.#context.inputCodec.decodeCached(pass.slot.record.value)
    if (decoded !== undefined) this.#decoded(pass, decoded)
    else this.#readSchema(pass).catch((error: unknown) => pass.failed(error))
  }

  async #readSchema(pass: TaskPass): Promise<void> {
    const decoded = await this.#context.inputCodec.decode(pass.slot.record.value)
    // The registry may take a session to answer.
    if (pass.partition.guard() === 'send') this.#decoded(pass, decoded)
    else pass.routed({ kind: 'parked', delayMs: 0 })
  }

  #decoded(pass: TaskPass, decoded: Decoded<unknown>): void {
    if (decoded.kind === 'decoded') {
      pass.slot.inheritedAtMs = undefined
      new AttemptPass(pass, decoded.value, this.#context)
    } else {
      this.#routeEarly(pass, this.#outcomeOfBytes(pass.slot, decoded))
    }
  }

  /** P11: the retry of an attempt that failed under an owner before waits its whole delay again, rather than too short. */
  #restOfPark(slot: TaskSlot): number {
    if (slot.inheritedAtMs === undefined) return 0
    const { policy, clock } = this.#context
    const waitedMs = clock.monotonicMs() - slot.inheritedAtMs
    return policy.delayBefore(slot.envelope, slot.attempt) - waitedMs
  }

  #outcomeWithoutAttempt({ partition, slot }: TaskPass): AttemptOutcome | undefined {
    if (partition.isRepeat(slot)) return { kind: 'duplicate' }
    const { deadlineAtMs } = slot.envelope
    if (deadlineAtMs !== undefined && this.#context.clock.nowMs() >= deadlineAtMs) return { kind: 'expired' }
    return undefined
  }

  #outcomeOfBytes(slot: TaskSlot, decoded: Exclude<Decoded<unknown>, { kind: 'decoded' }>): AttemptOutcome {
    const moment = { atMs: this.#context.clock.nowMs(), attempt: slot.attempt }
    switch (decoded.kind) {
      case 'undecodable': {
        const error = new TowlineError('TOWLINE_UNDECODABLE', decoded.failureMessage)
        return { kind: 'undecodable', failure: failureOf(error, { ...moment, attempt: 0 }) }
      }
      case 'rejected': {
        const error = new TowlineError('TOWLINE_SCHEMA_MISMATCH', decoded.message)
        return { kind: 'rejected', reason: 'terminal', failure: failureOf(error, moment) }
      }
    }
  }

  #hop(pass: TaskPass, tierMs: number): void {
    const { partition, slot } = pass
    pass.follow(this.#context.router.hop(partition, slot, { tierMs, dueAtMs: slot.envelope.dueAtMs ?? 0 }))
  }

  #routeEarly(pass: TaskPass, outcome: AttemptOutcome): void {
    const { partition, slot } = pass
    this.#context.onOutcome(slot, { outcome, durationMs: 0 })
    pass.follow(this.#context.router.route(partition, slot, outcome))
  }
}
