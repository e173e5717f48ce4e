import type { SpanContext } from '@opentelemetry/api'
import type { AgentResults } from './results/agent-results.ts'
import type { ResultsSnapshot } from './results/results-baseline.ts'
import type { ResultOptions } from './results/task-results.ts'

/** What is known of a task once Kafka has it. */
export interface SentTask {
  readonly taskId: string
  readonly partition: number
  readonly offset: number
  readonly publishedAtMs: number
  /** Its end stands after these log ends; null where there is no results topic, or the task may have ended before. */
  readonly resultsBefore: ResultsSnapshot | null
  /** The task may have been published, and have ended, before. */
  readonly mayBeOld: boolean
  /** Of the publish, where it is traced. */
  readonly spanContext: SpanContext | undefined
}

/** A task that Kafka has: acknowledged by all in-sync replicas. */
export class PublishedTask<O> {
  readonly taskId: string
  /** Where it stands in the `.tasks` topic of its agent type. */
  readonly partition: number
  readonly offset: number
  readonly #sent: SentTask
  readonly #results: AgentResults<O>

  constructor(sent: SentTask, results: AgentResults<O>) {
    this.taskId = sent.taskId
    this.partition = sent.partition
    this.offset = sent.offset
    this.#sent = sent
    this.#results = results
  }

  /**
   * What the handler returned, once the task has ended; may be called again, and later. Concerns the task as published:
   * if it is redriven, the end of its first life is its result here.
   *
   * @throws TaskDeadError TOWLINE_TASK_DEAD with the failure it died of
   * @throws TowlineError TOWLINE_TASK_CANCELLED, TOWLINE_TASK_EXPIRED, TOWLINE_RESULT_TIMEOUT (retriable),
   * TOWLINE_REGISTRY_UNAVAILABLE, TOWLINE_UNDECODABLE, TOWLINE_SCHEMA_MISMATCH, TOWLINE_PRODUCER_CLOSED
   */
  result(options: ResultOptions = {}): Promise<O> {
    return this.#results.ofSent(this.#sent, options)
  }
}

/** What became of one item of `publishMany`. */
export type PublishOutcome<O> =
  | { readonly kind: 'published'; readonly task: PublishedTask<O> }
  /** A TowlineError where Towline refused it; the reason of the signal where that was aborted. */
  | { readonly kind: 'failed'; readonly error: Error }
