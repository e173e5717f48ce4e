import type { OutgoingRecord, TopicPartition } from './record.ts'

export interface PartitionBatch extends TopicPartition {
  readonly records: readonly OutgoingRecord[]
}

/**
 * `written`: acknowledged by all in-sync replicas. `refused`: the broker or client refused it and would again
 * (too large, not authorised, invalid topic): nothing was written. `failed`: not acknowledged; it may have been written.
 */
export type SendResult =
  | { readonly kind: 'written'; readonly baseOffset: number }
  | { readonly kind: 'refused'; readonly error: Error }
  | { readonly kind: 'failed'; readonly error: Error }

/** Writes records. One `send` is one request to one leader, acks=all, without a retry: retries belong to the record sender. */
export interface ProducerPort {
  /** Partition count of a topic, from cached metadata. @throws TowlineError TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE */
  partitionCount(topic: string): Promise<number>
  /** Node id of the leader, from cached metadata; null while there is none. Batches of one leader may share a send. */
  leaderOf(tp: TopicPartition): number | null
  /** One result per batch, in order. Never rejects. */
  send(batches: readonly PartitionBatch[]): Promise<readonly SendResult[]>
  /** Forgets cached metadata of a topic, after a failure that says it is stale. */
  refresh(topic: string): Promise<void>
  close(): Promise<void>
}
