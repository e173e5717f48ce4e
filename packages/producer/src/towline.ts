import type { AgentType, Clock, Logger } from '@towline/contracts'
import {
  type AdminPort,
  createRecordSender,
  type KafkaDriver,
  type ProducerPort,
  type ReaderPort,
  type RecordSender,
  type RegistryClient,
} from '@towline/kafka'
import { LazyPort } from './lazy-port.ts'
import { producerClosed } from './publish/publish-errors.ts'
import { publishEach } from './publish/publish-many.ts'
import type { PublishItem, PublishOptions } from './publish/publish-options.ts'
import { Publisher } from './publish/publisher.ts'
import { PublishedTask, type PublishOutcome } from './published-task.ts'
import { AgentResults } from './results/agent-results.ts'
import { EndDecoder } from './results/end-decoder.ts'
import { TaskResults } from './results/task-results.ts'

/** What a {@link Towline} is made of; it closes all of it. */
export interface TowlineParts {
  readonly driver: KafkaDriver
  readonly producer: ProducerPort
  readonly registry: RegistryClient
  readonly clock: Clock
  readonly namespace: string | undefined
  readonly registerSchemas: boolean
  readonly deliveryTimeoutMs: number
  readonly maxBufferedBytes: number
  readonly log: Logger | undefined
}

/** Publishes tasks and awaits their results. Made by `connect`. */
export class Towline implements AsyncDisposable {
  readonly #parts: TowlineParts
  readonly #admin: LazyPort<AdminPort>
  readonly #reader: LazyPort<ReaderPort>
  readonly #sender: RecordSender
  readonly #publisher: Publisher
  readonly #results: TaskResults
  readonly #agentResults = new WeakMap<AgentType<unknown, unknown>, AgentResults<unknown>>()
  #closing: Promise<void> | undefined

  constructor(parts: TowlineParts) {
    const { driver, producer, registry, clock, namespace, registerSchemas, log } = parts
    this.#parts = parts
    this.#admin = new LazyPort(() => driver.admin())
    this.#reader = new LazyPort(() => driver.reader())
    const admin = (): Promise<AdminPort> => this.#admin.get()
    const { deliveryTimeoutMs, maxBufferedBytes } = parts
    this.#sender = createRecordSender(producer, { clock, deliveryTimeoutMs, maxBufferedBytes })
    const sender = this.#sender
    this.#publisher = new Publisher({ sender, registry, admin, clock, namespace, registerSchemas, log })
    const decoder = new EndDecoder(registry, log)
    this.#results = new TaskResults({ reader: () => this.#reader.get(), admin, decoder, clock, log })
  }

  /** Bytes of tasks that are waiting or unacknowledged. */
  get bufferedBytes(): number {
    return this.#sender.bufferedBytes
  }

  /**
   * Publishes a task; resolves when all in-sync replicas have it. Tasks of one key are written in the order of the calls.
   *
   * @throws TowlineError before anything is sent: TOWLINE_SCHEMA_MISMATCH, TOWLINE_SCHEMA_UNREGISTERED,
   * TOWLINE_PAYLOAD_TOO_LARGE, TOWLINE_HEADER_INVALID, TOWLINE_OPTION_INVALID, TOWLINE_DURATION_INVALID,
   * TOWLINE_TOPIC_MISSING, TOWLINE_REGISTRY_UNAVAILABLE, TOWLINE_BROKER_UNAVAILABLE, TOWLINE_PRODUCER_FULL,
   * TOWLINE_PRODUCER_CLOSED. TOWLINE_PUBLISH_FAILED when Kafka did not acknowledge it in time: it may have been written,
   * so publish it again with the same `idempotencyKey`.
   */
  async publish<I, O>(agentType: AgentType<I, O>, input: I, options: PublishOptions = {}): Promise<PublishedTask<O>> {
    if (this.#closing !== undefined) throw producerClosed()
    return new PublishedTask(await this.#publisher.publish(agentType, input, options), this.results(agentType))
  }

  /**
   * Publishes many tasks, in order; resolves when each has its outcome, at its place. Waits for room instead of failing
   * with TOWLINE_PRODUCER_FULL. Never rejects.
   */
  async publishMany<I, O>(
    agentType: AgentType<I, O>,
    items: Iterable<PublishItem<I>>,
  ): Promise<readonly PublishOutcome<O>[]> {
    const results = this.results(agentType)
    const failed = (error: unknown): PublishOutcome<O> => {
      return { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) }
    }
    const attempt = (item: PublishItem<I>): Promise<PublishOutcome<O>> => {
      if (this.#closing !== undefined) return Promise.resolve(failed(producerClosed()))
      return this.#publisher
        .publish(agentType, item.input, item)
        .then((sent): PublishOutcome<O> => ({ kind: 'published', task: new PublishedTask(sent, results) }), failed)
    }
    if (this.#closing === undefined) await this.#publisher.prepare(agentType)
    return await publishEach(items, attempt, { sender: this.#sender, maxBufferedBytes: this.#parts.maxBufferedBytes })
  }

  /** The ends of the tasks of an agent type, whoever published them. */
  results<O>(agentType: AgentType<unknown, O>): AgentResults<O> {
    let results = this.#agentResults.get(agentType)
    if (results === undefined) {
      const { registry: source, namespace } = this.#parts
      results = new AgentResults<unknown>(agentType, { results: this.#results, source, namespace })
      this.#agentResults.set(agentType, results)
    }
    return results as AgentResults<O>
  }

  /** Resolves when every publish made before has settled. */
  async flush(): Promise<void> {
    await this.#publisher.flush()
  }

  /**
   * Lets earlier publishes settle, rejects whoever waits for a result, and closes every connection. Later calls reject
   * with TOWLINE_PRODUCER_CLOSED. May be called again.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await this.#publisher.flush()
    await this.#sender.close()
    this.#results.close()
    const { producer, registry } = this.#parts
    await Promise.all([producer.close(), registry.close(), this.#admin.close(), this.#reader.close()])
  }
}
