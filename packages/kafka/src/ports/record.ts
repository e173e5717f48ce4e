/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A stable map key for a partition. */
export type PartitionId = `${string}/${number}`

export function partitionId(tp: TopicPartition): PartitionId {
  return `${tp.topic}/${tp.partition}`
}

/** Header values as Kafka stores them; a name that occurs more than once has an array. */
export type RecordHeaders = Readonly<Record<string, Buffer | null | readonly (Buffer | null)[]>>

/**
 * A record as read. Offsets and timestamps are JavaScript numbers: the adapter refuses an offset beyond 2^53 − 1.
 * Buffers may be slices of a whole fetch: copy or decode what outlives the call that delivers them.
 */
export interface KafkaRecord {
  readonly offset: number
  /** Epoch milliseconds; append time or create time as the topic is set. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: RecordHeaders
}

/** A record to be written. */
export interface OutgoingRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer | string | null | readonly (Buffer | string | null)[]>>
  /** Epoch milliseconds; default now. Ignored by topics with LogAppendTime. */
  readonly timestampMs?: number
}
