import type { SpanContext } from '@opentelemetry/api'
import {
  type AgentType,
  type AvroCodec,
  avroCodec,
  type SchemaSource,
  TowlineError,
  topicNames,
} from '@towline/contracts'
import { TowlineSpan } from '../publish/publish-span.ts'
import type { SentTask } from '../published-task.ts'
import { type EndPlace, placeAfter } from './results-baseline.ts'
import { endError, type TaskEnd } from './task-end.ts'
import { DEDUPE_WINDOW_MS, type ResultOptions, type TaskResults } from './task-results.ts'

export interface LookupOptions {
  /** When the task was published, or earlier. Default: what its id tells; an id that tells nothing needs it. */
  readonly since?: Date
}

/** The ends of the tasks of one agent type, whoever published them. */
export class AgentResults<O> {
  readonly #agentType: AgentType<unknown, O>
  readonly #topic: string
  readonly #results: TaskResults
  readonly #codec: AvroCodec<O>

  constructor(
    agentType: AgentType<unknown, O>,
    tools: { results: TaskResults; source: SchemaSource; namespace: string | undefined },
  ) {
    this.#agentType = agentType
    this.#topic = topicNames(agentType.type, tools.namespace).results
    this.#results = tools.results
    this.#codec = avroCodec(agentType.output, tools.source)
  }

  /**
   * What the handler returned for a task, once its first life has ended; errors as those of `PublishedTask.result`.
   *
   * @throws TowlineError TOWLINE_OPTION_INVALID when neither `since` nor the id says since when to look
   */
  async of(taskId: string, options: ResultOptions & LookupOptions = {}): Promise<O> {
    return await this.#traced(taskId, undefined, async () => {
      const place = await this.#results.placeSince(this.#topic, taskId, options.since?.getTime())
      return await this.#results.end({ agentType: this.#agentType.type, taskId, life: 1, place }, options)
    })
  }

  /**
   * The ends of a task that are retained now, the first of each life; empty where it has not ended, or that is forgotten.
   *
   * @throws TowlineError TOWLINE_OPTION_INVALID, TOWLINE_TOPIC_MISSING, TOWLINE_REGISTRY_UNAVAILABLE
   */
  async ends(
    taskId: string,
    options: LookupOptions & { readonly signal?: AbortSignal } = {},
  ): Promise<readonly TaskEnd[]> {
    const place = await this.#results.placeSince(this.#topic, taskId, options.since?.getTime())
    return await this.#results.ends(taskId, place, options.signal)
  }

  /** What `PublishedTask.result` gives. */
  async ofSent(sent: SentTask, options: ResultOptions): Promise<O> {
    const { taskId, spanContext } = sent
    return await this.#traced(taskId, spanContext, async () => {
      const place = await this.#placeOf(sent)
      return await this.#results.end({ agentType: this.#agentType.type, taskId, life: 1, place }, options)
    })
  }

  async #placeOf({ taskId, publishedAtMs, resultsBefore, mayBeOld }: SentTask): Promise<EndPlace> {
    if (resultsBefore !== null) return placeAfter(resultsBefore, taskId)
    const sinceMs = mayBeOld ? publishedAtMs - DEDUPE_WINDOW_MS : publishedAtMs
    return await this.#results.placeSince(this.#topic, taskId, sinceMs)
  }

  async #traced(taskId: string, published: SpanContext | undefined, wait: () => Promise<TaskEnd>): Promise<O> {
    const span = TowlineSpan.result(this.#agentType.type, taskId, published)
    try {
      const end = await wait()
      span.set(() => ({ 'towline.task.end': end.end }))
      const output = await this.#outputOf(end)
      span.succeed()
      return output
    } catch (error) {
      span.fail(error)
      throw error
    }
  }

  async #outputOf(end: TaskEnd): Promise<O> {
    const error = endError(end, this.#agentType.type)
    if (error !== null) throw error
    const decoded = await this.#codec.decode(end.output)
    switch (decoded.kind) {
      case 'decoded':
        return decoded.value
      case 'undecodable':
        throw new TowlineError('TOWLINE_UNDECODABLE', `the output of task ${end.taskId}: ${decoded.failureMessage}`, {
          value: end.taskId,
        })
      case 'rejected':
        throw new TowlineError('TOWLINE_SCHEMA_MISMATCH', `the output of task ${end.taskId}: ${decoded.message}`, {
          value: end.taskId,
          wayOut: `Use the ${this.#codec.schema.name} the runners use`,
        })
    }
  }
}
