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
import { portErrorOf } from '../broker/broker-error.ts'
import { GroupRun } from './group-run.ts'
import type { ClusterState, Link } from './link.ts'

/** How long the topic's metadata is asked for before a start is given up. */
const START_BUDGET_MS = 5_000

const NOT_A_MEMBER: Liveness = { proofAgeMs: Number.POSITIVE_INFINITY, fetchAgeMs: Number.POSITIVE_INFINITY }

export class MemoryConsumer implements ConsumerPort {
  readonly #link: Link
  readonly #cluster: ClusterState
  readonly #options: ResolvedConsumerOptions
  #isStarted = false
  #run: GroupRun | null = null
  #stopping: Promise<void> | null = null

  constructor(link: Link, cluster: ClusterState, options: ConsumerOptions) {
    this.#link = link
    this.#cluster = cluster
    this.#options = resolveConsumerOptions(options)
  }

  async start(handlers: ConsumerHandlers): Promise<void> {
    if (this.#isStarted) throw new TowlineError('TOWLINE_INTERNAL', 'a consumer is started once')
    this.#isStarted = true
    await this.#reachTopic()
    if (this.#stopping !== null) throw consumerStoppedEarly()
    this.#run = new GroupRun(this.#link, this.#cluster, this.#options, handlers)
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

  async #reachTopic(): Promise<void> {
    const { topic } = this.#options
    try {
      await this.#link.retrying(() => this.#link.call('Metadata', () => this.#cluster.topics.require(topic)), {
        budgetMs: START_BUDGET_MS,
      })
    } catch (error) {
      throw portErrorOf(error, 'consume', topic)
    }
  }
}
