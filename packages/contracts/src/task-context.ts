import type { AgentType } from './agent-type.ts'
import type { Logger } from './logger.ts'

export interface ChildOptions {
  /** Ordering key of the child. Default: unkeyed. */
  readonly key?: string
  /** Tells siblings apart; the same name in a second attempt is the same task. Default: the ordinal of the call. */
  readonly name?: string
  /** The child must start within this time, for example `'1h'`. Default: the parent's deadline. */
  readonly deadline?: string
}

/** Publishes a task caused by the running one; its id follows from the parent's, so a second attempt publishes the same. */
export type PublishChild = <I, O>(
  agentType: AgentType<I, O>,
  input: I,
  options?: ChildOptions,
) => Promise<{ readonly taskId: string }>

/** What a handler is given beside its input. */
export interface TaskContext {
  readonly taskId: string
  /** 1 at publish, +1 per redrive. */
  readonly life: number
  /** 1-based within a life. */
  readonly attempt: number
  /** Part of this task's work may have been done by an attempt whose end is not known. */
  readonly mayHaveRun: boolean
  readonly isReplay: boolean
  /** The ordering key as text, or null when unkeyed. */
  readonly key: string | null
  readonly tenant: string | null
  /** Epoch milliseconds, or null. Checked before an attempt starts; a handler may use it to shorten its own waits. */
  readonly deadlineAtMs: number | null
  /** Aborted at the timeout, at the drain deadline and when the partition is lost. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** Runs `work` inside a child span of the attempt's. */
  span<T>(name: string, work: () => Promise<T>): Promise<T>
  /** Reports progress (JSON) to `<agent>.events`; lossy: a newer report may replace an unsent older one. */
  progress(value: unknown): void
  publish: PublishChild
}
