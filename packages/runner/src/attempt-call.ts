import {
  type AgentType,
  type AttemptRequest,
  type ChildOptions,
  type Logger,
  type TaskEnvelope,
  TowlineError,
} from '@towline/contracts'
import { AttemptLog } from './attempt-log.ts'
import type { TaskFlowContext } from './task-flow.ts'
import type { TaskSlot } from './task-slot.ts'

/** What the host of an attempt is given. */
export class AttemptCall implements AttemptRequest {
  readonly task: TaskEnvelope
  readonly input: unknown
  readonly mayHaveRun: boolean
  readonly signal: AbortSignal
  readonly log: Logger
  readonly #slot: TaskSlot
  readonly #flow: TaskFlowContext
  #children = 0

  constructor(slot: TaskSlot, input: unknown, signal: AbortSignal, flow: TaskFlowContext) {
    const { envelope, attempt } = slot
    this.task = attempt === envelope.attempt ? envelope : { ...envelope, attempt }
    this.input = input
    this.mayHaveRun = slot.mayHaveRun
    this.signal = signal
    this.log = new AttemptLog(flow.log, flow.agent, this.task)
    this.#slot = slot
    this.#flow = flow
  }

  async publishChild<I, O>(
    agentType: AgentType<I, O>,
    input: I,
    options: ChildOptions = {},
  ): Promise<{ readonly taskId: string }> {
    const { children, agent } = this.#flow
    if (children === undefined) {
      throw new TowlineError('TOWLINE_OPTION_INVALID', `the runner of ${agent} was made without a child publisher`)
    }
    this.#children += 1
    const name = options.name ?? String(this.#children)
    return await children.publish({ parent: this.#slot.envelope, agentType, input, name, options })
  }

  reportProgress(progress: unknown): void {
    this.#flow.events.progress(this.#slot, progress, this.#flow.clock.nowMs())
  }
}
