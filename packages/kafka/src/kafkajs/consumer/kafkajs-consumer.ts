import { TowlineError } from '@towline/contracts'
import { type ResolvedConsumerOptions, resolveConsumerOptions } from '../../consuming/consumer-defaults.ts'
import type {
  CommitEntry,
  CommitResult,
  ConsumerHandlers,
  ConsumerOptions,
  ConsumerPort,
  Liveness,
} from '../../ports/consumer-port.ts'
import { consumerStoppedEarly } from '../../ports/port-errors.ts'
import type { TopicPartition } from '../../ports/record.ts'
import { ClusterClient } from '../cluster/cluster-client.ts'
import { leadersOf } from '../cluster/list-offsets.ts'
import { retrying } from '../cluster/retrying.ts'
import { CONSUMER_REQUEST_TIMEOUT_MS, type DriverContext } from '../connection-settings.ts'
import { towlineErrorOf } from '../kafka-error.ts'
import { ConsumerRun } from './consumer-run.ts'

/** How long the topic's metadata is asked for before a start is given up. */
const START_BUDGET_MS = 5_000

const NOT_A_MEMBER: Liveness = { proofAgeMs: Number.POSITIVE_INFINITY, fetchAgeMs: Number.POSITIVE_INFINITY }

export class KafkajsConsumer implements ConsumerPort {
  readonly #context: DriverContext
  readonly #options: ResolvedConsumerOptions
  #isStarted = false
  #run: ConsumerRun | null = null
  #stopping: Promise<void> | null = null

  constructor(context: DriverContext, options: ConsumerOptions) {
    this.#context = context
    this.#options = resolveConsumerOptions(options)
  }

  async start(handlers: ConsumerHandlers): Promise<void> {
    if (this.#isStarted) throw new TowlineError('TOWLINE_INTERNAL', 'a consumer is started once')
    this.#isStarted = true
    const client = await this.#reachTopic()
    if (this.#stopping !== null) {
      await client.close()
      throw consumerStoppedEarly()
    }
    this.#run = new ConsumerRun(this.#options, client, handlers)
    await this.#run.join()
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#run?.reading.pause(partitions)
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#run?.reading.resume(partitions)
  }

  seek(tp: TopicPartition, offset: number): void {
    this.#run?.reading.seek(tp, offset)
  }

  async commit(entries: readonly CommitEntry[], deadlineMs: number): Promise<CommitResult> {
    return (await this.#run?.commit(entries, deadlineMs)) ?? 'fenced'
  }

  assigned(): readonly TopicPartition[] {
    return this.#run?.reading.assigned() ?? []
  }

  memberId(): string | null {
    return this.#run?.reading.membership?.memberId ?? null
  }

  liveness(): Liveness {
    return this.#run?.liveness() ?? NOT_A_MEMBER
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#run?.stop() ?? Promise.resolve()
    await this.#stopping
  }

  /** kafkajs would look for an unknown topic, or an absent broker, for minutes. */
  async #reachTopic(): Promise<ClusterClient> {
    const client = new ClusterClient(this.#context, { requestTimeoutMs: CONSUMER_REQUEST_TIMEOUT_MS })
    const { topic } = this.#options
    try {
      await retrying(() => leadersOf(client, topic), { budgetMs: START_BUDGET_MS })
      return client
    } catch (error) {
      await client.close()
      throw towlineErrorOf(error, { doing: 'consume', subject: topic, brokers: client.brokers })
    }
  }
}
