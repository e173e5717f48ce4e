import type { Logger } from './logger.ts'
import type { TaskEnvelope } from './task.ts'
import type { PublishChild } from './task-context.ts'

/** One execution of a task, as a host sees it. Its functions are called on it: they need their `this`. */
export interface AttemptRequest {
  readonly task: TaskEnvelope
  /** The decoded input. */
  readonly input: unknown
  /** It may have run before: its partition was taken over without a clean commit note covering it. */
  readonly mayHaveRun: boolean
  /** Aborted at the attempt's timeout, at the drain deadline and when the partition is lost; the reason says which. */
  readonly signal: AbortSignal
  readonly log: Logger
  readonly publishChild: PublishChild
  readonly reportProgress: (progress: unknown) => void
}

/** What a host makes of an attempt. `thrown` is whatever the handler threw, unwrapped. */
export type HostResult =
  | { readonly kind: 'returned'; readonly output: unknown }
  | { readonly kind: 'threw'; readonly thrown: unknown }

/** Executes handlers: in this process now, in a thread, a child process or over HTTP later. */
export interface AgentHost {
  /** Never rejects: a handler's error is a result. Settles only when the handler has, however late that is after an abort. */
  run(attempt: AttemptRequest): Promise<HostResult>
  close(): Promise<void>
}
