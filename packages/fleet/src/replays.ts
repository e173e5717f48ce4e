import type { Clock, SchemaSource } from '@towline/contracts'
import type { AdminPort, ReaderPort, RecordSender } from '@towline/kafka'
import {
  abortReplay,
  DEFAULT_MAX_IN_FLIGHT_BYTES,
  type DryRunCounts,
  type DryRunOptions,
  dryRunReplay,
  listReplays,
  type PlannedReplay,
  planReplay,
  type ReplayPlan,
  type ReplayRef,
  type ReplayReport,
  type ReplayRequest,
  type ReplayResult,
  type ReplayStatus,
  type RunReplayOptions,
  replayReport,
  replayStatus,
  resumeReplay,
  runReplay,
  savePlan,
} from '@towline/replay'

export interface ReplaysParts {
  readonly agentType: string
  readonly namespace: string | undefined
  readonly admin: AdminPort
  readonly reader: ReaderPort
  /** Connected when a replay is run, not when one is planned. */
  sender(): Promise<RecordSender>
  readonly schemas: SchemaSource
  readonly clock: Clock
  /** The bound of the sender, which others may share: a replay takes half of it at most. */
  readonly maxBufferedBytes: number
}

/** The replays of one agent type; every method is the function of `@towline/replay` of that name, with its ports. */
export class Replays {
  readonly #parts: ReplaysParts

  constructor(parts: ReplaysParts) {
    this.#parts = parts
  }

  plan(
    request: Omit<ReplayRequest, 'agentType' | 'namespace'>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<PlannedReplay> {
    const { agentType, namespace } = this.#parts
    return planReplay({ ...request, agentType, namespace }, this.#parts, options)
  }

  /** Counts what a run of the plan would send. */
  dryRun(plan: ReplayPlan, options?: DryRunOptions): Promise<DryRunCounts> {
    return dryRunReplay(plan, this.#parts, options)
  }

  /** Stores a plan; `resume` starts it. */
  save(plan: ReplayPlan): Promise<void> {
    return savePlan(plan, this.#parts)
  }

  async run(plan: ReplayPlan, options?: RunReplayOptions): Promise<ReplayResult> {
    return await runReplay(plan, { ...this.#parts, sender: await this.#parts.sender() }, this.#bounded(options))
  }

  async resume(replayId: string, options?: RunReplayOptions): Promise<ReplayResult> {
    const ports = { ...this.#parts, sender: await this.#parts.sender() }
    return await resumeReplay(this.#ref(replayId), ports, this.#bounded(options))
  }

  /** Null when there is none: it never began, was aborted, or its group expired. */
  status(replayId: string): Promise<ReplayStatus | null> {
    return replayStatus(this.#ref(replayId), this.#parts)
  }

  /** Newest first. */
  list(): Promise<readonly ReplayStatus[]> {
    const { agentType, namespace } = this.#parts
    return listReplays({ agentType, namespace }, this.#parts)
  }

  report(replayId: string, options?: { readonly signal?: AbortSignal }): Promise<ReplayReport> {
    return replayReport(this.#ref(replayId), this.#parts, options)
  }

  /** Null when there was nothing to abort. */
  abort(replayId: string): Promise<ReplayStatus | null> {
    return abortReplay(this.#ref(replayId), this.#parts)
  }

  #bounded(options: RunReplayOptions = {}): RunReplayOptions {
    const { maxInFlightBytes = DEFAULT_MAX_IN_FLIGHT_BYTES } = options
    return { ...options, maxInFlightBytes: Math.min(maxInFlightBytes, this.#parts.maxBufferedBytes / 2) }
  }

  #ref(replayId: string): ReplayRef {
    const { agentType, namespace } = this.#parts
    return { replayId, agentType, namespace }
  }
}
