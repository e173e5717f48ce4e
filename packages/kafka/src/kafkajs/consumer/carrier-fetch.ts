import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaRecord, TopicPartition } from '../../ports/record.ts'
import type { Broker, Cluster, KafkajsFetch, KafkajsInternals } from '../kafkajs-internals.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'
import { type FetchedPartition, type FetchFrom, fetchFrom } from '../protocol/fetch.ts'

/**
 * The one message kafkajs is handed for a partition that a fetch brought something for: it passes the whole batch
 * through its loop unseen, and its offset is the last one the batch covers, so that resolving it passes over gaps,
 * control records and aborted transactions too.
 */
export interface Carrier {
  readonly offset: string
  readonly isControlRecord: false
  /** The offset that was asked for. */
  readonly from: number
  readonly next: number
  readonly records: readonly KafkaRecord[]
}

export interface CarrierFetchEvents {
  /** How long a broker may hold an empty answer now. */
  maxWaitMs(): number
  /** A broker answered. */
  onAnswer(): void
  /** A partition was not read, by an error of its own; it is asked for again at the next turn. */
  onRefused(tp: TopicPartition, error: Error): void
  /** The log does not hold the offset asked for. */
  onOutOfRange(tp: TopicPartition, from: number): void
  /** The broker knows no such partition: its topic was deleted. */
  onGone(tp: TopicPartition): void
}

/** The leader moved, or is not elected: a refresh of the metadata helps. kafkajs would make the whole group rejoin. */
const LEADER_CODES: ReadonlySet<number> = new Set([
  KAFKA_ERROR.LEADER_NOT_AVAILABLE,
  KAFKA_ERROR.NOT_LEADER_OR_FOLLOWER,
  KAFKA_ERROR.REPLICA_NOT_AVAILABLE,
  KAFKA_ERROR.KAFKA_STORAGE_ERROR,
  KAFKA_ERROR.FENCED_LEADER_EPOCH,
  KAFKA_ERROR.UNKNOWN_LEADER_EPOCH,
])
const ELECTION_WAIT_MS = 100

/** Stands in for `Broker.fetch` in a consumer: each partition's error is its own. */
export async function fetchCarriers(
  broker: Broker,
  request: KafkajsFetch,
  cluster: Cluster,
  events: CarrierFetchEvents,
  kafkajs: KafkajsInternals,
): Promise<object> {
  const maxWaitMs = Math.min(request.maxWaitTime, events.maxWaitMs())
  const partitions = rotated(partitionsOf(request))
  const answers = await fetchFrom(broker, { maxWaitMs, maxBytes: request.maxBytes, partitions }, kafkajs)
  events.onAnswer()
  const arrived = answers.filter(({ errorCode }) => errorCode === KAFKA_ERROR.NONE)
  for (const { tp, from, errorCode } of answers) {
    if (errorCode === KAFKA_ERROR.OFFSET_OUT_OF_RANGE) events.onOutOfRange(tp, from)
    if (errorCode === KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION) events.onGone(tp)
  }
  if (answers.some(({ errorCode }) => LEADER_CODES.has(errorCode))) {
    await cluster.refreshMetadata()
    if (arrived.length === 0) await sleep(ELECTION_WAIT_MS)
  }
  const unexpected = answers.filter(({ errorCode }) => isUnexpected(errorCode))
  for (const { tp, errorCode } of unexpected) events.onRefused(tp, kafkajs.errorOfCode(errorCode))
  const [first] = unexpected
  if (first !== undefined && arrived.length === 0) throw kafkajs.errorOfCode(first.errorCode)
  return { responses: arrived.map(responseOf) }
}

function partitionsOf(request: KafkajsFetch): FetchFrom[] {
  return request.topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, fetchOffset, maxBytes }) => ({
      tp: { topic, partition },
      from: Number(fetchOffset),
      maxBytes,
    })),
  )
}

/** A broker fills its answer in the order asked for; a fixed order would starve the last partitions behind a backlog (KIP-74). */
function rotated(partitions: FetchFrom[]): FetchFrom[] {
  const start = Math.floor(Math.random() * partitions.length)
  return [...partitions.slice(start), ...partitions.slice(0, start)]
}

function isUnexpected(errorCode: number): boolean {
  return errorCode !== KAFKA_ERROR.NONE && errorCode !== KAFKA_ERROR.OFFSET_OUT_OF_RANGE && !LEADER_CODES.has(errorCode)
}

function responseOf({ tp, from, next, highWatermark, records }: FetchedPartition): object {
  const carrier: Carrier = { offset: String(next - 1), isControlRecord: false, from, next, records }
  const messages = next > from ? [carrier] : []
  const fetched = { partition: tp.partition, highWatermark: String(highWatermark), abortedTransactions: [], messages }
  return { topicName: tp.topic, partitions: [fetched] }
}
