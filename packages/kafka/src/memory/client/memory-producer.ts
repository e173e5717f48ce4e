import { TowlineError } from '@towline/contracts'
import { topicMissing } from '../../ports/port-errors.ts'
import type { PartitionBatch, ProducerPort, SendResult } from '../../ports/producer-port.ts'
import { partitionId, type TopicPartition } from '../../ports/record.ts'
import { errorTypeOf, isPassing, portErrorOf } from '../broker/broker-error.ts'
import type { ClusterState, Link } from './link.ts'

const METADATA_BUDGET_MS = 3_000

export class MemoryProducer implements ProducerPort {
  readonly #link: Link
  readonly #cluster: ClusterState
  /** Partition counts, as this client knows them. */
  readonly #counts = new Map<string, number>()

  constructor(link: Link, cluster: ClusterState) {
    this.#link = link
    this.#cluster = cluster
  }

  async partitionCount(topic: string): Promise<number> {
    try {
      return (
        this.#counts.get(topic) ??
        (await this.#link.retrying(() => this.#load(topic), { budgetMs: METADATA_BUDGET_MS }))
      )
    } catch (error) {
      throw portErrorOf(error, 'describe topic', topic)
    }
  }

  leaderOf({ topic, partition }: TopicPartition): number | null {
    return partition < (this.#counts.get(topic) ?? 0) ? partition % this.#cluster.brokers : null
  }

  async send(batches: readonly PartitionBatch[]): Promise<readonly SendResult[]> {
    const sentAtMs = this.#link.clock.nowMs()
    try {
      for (const { topic } of batches) if (!this.#counts.has(topic)) await this.#load(topic)
      return await this.#link.call('Produce', () => batches.map((batch) => this.#append(batch, sentAtMs)))
    } catch (error) {
      if (isPassing(error)) for (const { topic } of batches) this.#counts.delete(topic)
      return batches.map((batch) => failureOf(batch, error))
    }
  }

  async refresh(topic: string): Promise<void> {
    this.#counts.delete(topic)
    await this.#load(topic).catch(() => undefined) // partitionCount says what is wrong
  }

  async close(): Promise<void> {}

  async #load(topic: string): Promise<number> {
    const count = await this.#link.call('Metadata', () => this.#cluster.topics.require(topic).logs.length)
    this.#counts.set(topic, count)
    return count
  }

  #append(batch: PartitionBatch, sentAtMs: number): SendResult {
    try {
      return { kind: 'written', baseOffset: this.#cluster.topics.append(batch, sentAtMs) }
    } catch (error) {
      return failureOf(batch, error)
    }
  }
}

function failureOf(batch: PartitionBatch, thrown: unknown): SendResult {
  const type = errorTypeOf(thrown)
  const place = partitionId(batch)
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return { kind: 'failed', error: topicMissing(batch.topic, thrown) }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  if (type === 'MESSAGE_TOO_LARGE') {
    const error = new TowlineError(
      'TOWLINE_PAYLOAD_TOO_LARGE',
      `${place} refused a batch of ${batch.records.length}: ${message}`,
      { value: batch.records.length, bound: 'max.message.bytes of the topic', cause: thrown },
    )
    return { kind: 'refused', error }
  }
  const error = new TowlineError(
    'TOWLINE_PUBLISH_FAILED',
    `${place} did not acknowledge ${batch.records.length} records: ${message}`,
    { value: place, retriable: true, cause: thrown },
  )
  return { kind: 'failed', error }
}
