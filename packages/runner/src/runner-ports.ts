import type {
  Agent,
  AgentHost,
  AgentType,
  AttemptOutcome,
  ChildOptions,
  DeadReason,
  Failure,
  RetryDecision,
  TaskEnvelope,
} from '@towline/contracts'
import type { KafkaRecord, SendGuard } from '@towline/kafka'

/** The outcomes after which a task may be run again. */
export type RetryableOutcome = Extract<AttemptOutcome, { readonly kind: 'failed' | 'timed-out' | 'deferred' }>

/** Decides what becomes of a task that failed or was deferred. Pure. */
export interface RetryPolicy {
  decide(question: {
    /** Its `attempt` is the one that just ended. */
    readonly task: TaskEnvelope
    readonly outcome: RetryableOutcome
    /** How long this task has been parked in this runner, in milliseconds. */
    readonly parkedMs: number
    readonly nowMs: number
  }): RetryDecision
  /** How long a task waits before this attempt, which follows a failed one, in milliseconds. */
  delayBefore(task: TaskEnvelope, attempt: number): number
  /** What to do with a task whose tier wait is over: run it, hop to a shorter tier, or wait out the rest here. */
  whenTierIsOver(dueAtMs: number | undefined, nowMs: number): TierVerdict
}

export type TierVerdict =
  | { readonly kind: 'run' }
  | { readonly kind: 'hop'; readonly tierMs: number }
  | { readonly kind: 'wait'; readonly delayMs: number }

export interface SourceRecord {
  readonly record: KafkaRecord
  readonly envelope: TaskEnvelope
}

/** Writes a task into a retry tier or the dead-letter topic; resolves when acknowledged, throws SendDropped when fenced. */
export interface FailureRouter {
  toTier(
    source: SourceRecord,
    move: { readonly tierMs: number; readonly dueAtMs: number; readonly attempt: number },
    failure: Failure | undefined,
    guard: SendGuard,
  ): Promise<void>
  deadLetter(source: SourceRecord, reason: DeadReason, failure: Failure, guard: SendGuard): Promise<void>
}

/** Publishes the children of a running task, with ids that follow from the parent's. */
export interface ChildPublisher {
  publish<I, O>(child: {
    readonly parent: TaskEnvelope
    readonly agentType: AgentType<I, O>
    readonly input: I
    /** The name given, or the ordinal of the call within the attempt. */
    readonly name: string
    readonly options: ChildOptions
  }): Promise<{ readonly taskId: string }>
}

/** An agent whose types of input and output are not known here. */
// biome-ignore lint/suspicious/noExplicitAny: a handler takes its own input; only `any` accepts every agent.
export type AnyAgent = Agent<any, any>

/** An agent with what runs it and what its failures go through. */
export interface RunnerAgent {
  readonly agent: AnyAgent
  readonly host: AgentHost
  readonly policy: RetryPolicy
  readonly router: FailureRouter
}
