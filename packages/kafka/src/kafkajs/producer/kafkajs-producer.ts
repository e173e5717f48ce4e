import { TowlineError } from '@towline/contracts'
import { topicMissing } from '../../ports/port-errors.ts'
import type { PartitionBatch, ProducerPort, SendResult } from '../../ports/producer-port.ts'
import type { TopicPartition } from '../../ports/record.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { retrying } from '../cluster/retrying.ts'
import { TopicLeaders } from '../cluster/topic-leaders.ts'
import { REQUEST_TIMEOUT_MS } from '../connection-settings.ts'
import { errorTypeOf, isPassing, towlineErrorOf } from '../kafka-error.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'
import { type ProducedBatch, produce } from './produce.ts'

/** How long a call about metadata may be retried; sends never are. */
const METADATA_BUDGET_MS = 3_000

/** Errors by which the leader or the broker refuses a batch as it is: the same batch would be refused again. */
const REFUSALS = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_REQUIRED_ACKS',
  'INVALID_TIMESTAMP',
  'INVALID_RECORD',
  'INVALID_REQUEST',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'POLICY_VIOLATION',
])

const STALE_METADATA = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
])

export class KafkajsProducer implements ProducerPort {
  readonly #client: ClusterClient
  readonly #leaders: TopicLeaders

  constructor(client: ClusterClient) {
    this.#client = client
    this.#leaders = new TopicLeaders(client)
  }

  async partitionCount(topic: string): Promise<number> {
    try {
      const leaders = await retrying(() => this.#leaders.load(topic), { budgetMs: METADATA_BUDGET_MS })
      return leaders.length
    } catch (error) {
      throw towlineErrorOf(error, { doing: 'describe topic', subject: topic, brokers: this.#client.brokers })
    }
  }

  leaderOf(tp: TopicPartition): number | null {
    return this.#leaders.leaderOf(tp)
  }

  async send(batches: readonly PartitionBatch[]): Promise<readonly SendResult[]> {
    const [first] = batches
    if (first === undefined) return []
    try {
      const broker = await this.#client.node(await this.#leader(first))
      const timing = { timeoutMs: REQUEST_TIMEOUT_MS, nowMs: Date.now() }
      const answers = await produce(broker, batches, timing, this.#client.context.kafkajs)
      return batches.map((batch, index) => this.#resultOf(batch, answers[index]))
    } catch (error) {
      if (isPassing(error)) for (const { topic } of batches) this.#leaders.forget(topic)
      return batches.map((batch) => this.#failure(batch, error))
    }
  }

  async refresh(topic: string): Promise<void> {
    this.#leaders.forget(topic)
    await this.#leaders.load(topic).catch(() => undefined) // partitionCount says what is wrong
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  async #leader(tp: TopicPartition): Promise<number> {
    const leader = this.#leaders.leaderOf(tp) ?? (await this.#leaders.load(tp.topic))[tp.partition]
    if (leader === undefined) throw this.#client.errorOf(KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION)
    if (leader === null) throw this.#client.errorOf(KAFKA_ERROR.LEADER_NOT_AVAILABLE)
    return leader
  }

  #resultOf(batch: PartitionBatch, answer: ProducedBatch | undefined): SendResult {
    if (answer?.errorCode === 0) return { kind: 'written', baseOffset: answer.baseOffset }
    return this.#failure(batch, this.#client.errorOf(answer?.errorCode ?? KAFKA_ERROR.UNKNOWN_SERVER_ERROR))
  }

  #failure(batch: PartitionBatch, thrown: unknown): SendResult {
    const type = errorTypeOf(thrown)
    if (STALE_METADATA.has(type)) this.#leaders.forget(batch.topic)
    return { kind: REFUSALS.has(type) ? 'refused' : 'failed', error: publishErrorOf(batch, type, thrown) }
  }
}

function publishErrorOf(batch: PartitionBatch, type: string, thrown: unknown): TowlineError {
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return topicMissing(batch.topic, thrown)
  const place = `${batch.topic}/${batch.partition}`
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
    return new TowlineError(
      'TOWLINE_PAYLOAD_TOO_LARGE',
      `${place} refused a batch of ${batch.records.length}: ${message}`,
      {
        value: batch.records.length,
        bound: 'max.message.bytes of the topic',
        cause: thrown,
      },
    )
  }
  const word = type === '' ? '' : ` (${type})`
  return new TowlineError(
    'TOWLINE_PUBLISH_FAILED',
    `${place} did not acknowledge ${batch.records.length} records: ${message}${word}`,
    {
      value: place,
      retriable: !REFUSALS.has(type),
      ...(REFUSALS.has(type) ? { wayOut: 'Grant what is missing, or change what Kafka names' } : {}),
      cause: thrown,
    },
  )
}
