import {
  type AttemptOutcome,
  type AvroCodec,
  type Clock,
  type Decoded,
  failureOf,
  type Logger,
  type PublishChild,
  TowlineError,
} from '@towline/contracts'
import type { AttemptContext } from './attempt.ts'
import { AttemptLog } from './attempt-log.ts'
import { AttemptPass } from './attempt-pass.ts'
import type { EventWriter } from './event-writer.ts'
import type { Disposition, OutcomeRouter } from './outcome-router.ts'
import type { Partition } from './partition.ts'
import type { ChildPublisher, RetryPolicy } from './runner-ports.ts'
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

/** How one pass of a task through its partition went. */
export interface FlowResult {
  readonly disposition: Disposition
  /** Resolves when the handler has settled; undefined when it had, or none was run. */
  readonly stillRunning: Promise<void> | undefined
}

/**
 * One pass of a task from its lane: told a repeat, expired or not yet due, or decoded, run and routed.
 *
 * @throws TowlineError TOWLINE_REGISTRY_UNAVAILABLE from {@link run} before anything happened to the task (D8)
 */
export class TaskFlow {
  readonly #context: TaskFlowContext

  constructor(context: TaskFlowContext) {
    this.#context = context
  }

  /** `onSettled` runs when the handler has settled: its permit is free. Not called where no handler was run. */
  run(partition: Partition, slot: TaskSlot, onSettled: () => void): Promise<FlowResult> {
    const { policy, clock, inputCodec } = this.#context
    const early = this.#outcomeWithoutAttempt(partition, slot)
    if (early !== undefined) return this.#routeEarly(partition, slot, early)
    const tier = policy.whenTierIsOver(slot.envelope.dueAtMs, clock.nowMs())
    if (tier.kind === 'wait') return Promise.resolve(routed({ kind: 'parked', delayMs: tier.delayMs }))
    if (tier.kind === 'hop') return this.#hop(partition, slot, tier.tierMs)
    const restMs = this.#restOfPark(slot)
    if (restMs > 0) return Promise.resolve(routed({ kind: 'parked', delayMs: restMs }))
    const decoded = inputCodec.decodeCached(slot.record.value)
    if (decoded === undefined) return this.#decodeAndRun(partition, slot, onSettled)
    return this.#runDecoded(partition, slot, decoded, onSettled)
  }

  async #decodeAndRun(partition: Partition, slot: TaskSlot, onSettled: () => void): Promise<FlowResult> {
    const decoded = await this.#context.inputCodec.decode(slot.record.value)
    if (partition.guard() !== 'send') return routed({ kind: 'parked', delayMs: 0 }) // the registry may take a session
    return await this.#runDecoded(partition, slot, decoded, onSettled)
  }

  #runDecoded(
    partition: Partition,
    slot: TaskSlot,
    decoded: Decoded<unknown>,
    onSettled: () => void,
  ): Promise<FlowResult> {
    if (decoded.kind === 'decoded') return this.#attempt(partition, slot, decoded.value, onSettled)
    return this.#routeEarly(partition, slot, this.#outcomeOfBytes(slot, decoded))
  }

  /** P11: the retry of an attempt that failed under an owner before waits its whole delay again, rather than too short. */
  #restOfPark(slot: TaskSlot): number {
    if (slot.inheritedAtMs === undefined) return 0
    const { policy, clock } = this.#context
    const waitedMs = clock.monotonicMs() - slot.inheritedAtMs
    return policy.delayBefore(slot.envelope, slot.attempt) - waitedMs
  }

  #outcomeWithoutAttempt(partition: Partition, slot: TaskSlot): AttemptOutcome | undefined {
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

  async #hop(partition: Partition, slot: TaskSlot, tierMs: number): Promise<FlowResult> {
    return routed(await this.#context.router.hop(partition, slot, { tierMs, dueAtMs: slot.envelope.dueAtMs ?? 0 }))
  }

  async #routeEarly(partition: Partition, slot: TaskSlot, outcome: AttemptOutcome): Promise<FlowResult> {
    this.#context.onOutcome(slot, { outcome, durationMs: 0 })
    return routed(await this.#context.router.route(partition, slot, outcome))
  }

  #attempt(partition: Partition, slot: TaskSlot, input: unknown, onSettled: () => void): Promise<FlowResult> {
    const { agent, log, clock, events } = this.#context
    const { taskId, life } = slot.envelope
    slot.inheritedAtMs = undefined
    const request = {
      task: slot.attempt === slot.envelope.attempt ? slot.envelope : { ...slot.envelope, attempt: slot.attempt },
      input,
      mayHaveRun: slot.mayHaveRun,
      log: new AttemptLog(log, { agent, taskId, life, attempt: slot.attempt }),
      publishChild: this.#publishChildOf(slot),
      reportProgress: (progress: unknown) => events.progress(slot, progress, clock.nowMs()),
    }
    return new AttemptPass({ partition, slot, onSettled }, request, this.#context).result
  }

  #publishChildOf(slot: TaskSlot): PublishChild {
    let ordinal = 0
    return async (agentType, input, options = {}) => {
      const { children, agent } = this.#context
      if (children === undefined) {
        throw new TowlineError('TOWLINE_OPTION_INVALID', `the runner of ${agent} was made without a child publisher`)
      }
      ordinal += 1
      const name = options.name ?? String(ordinal)
      return await children.publish({ parent: slot.envelope, agentType, input, name, options })
    }
  }
}

function routed(disposition: Disposition): FlowResult {
  return { disposition, stillRunning: undefined }
}
