import type { KafkaRecord, TopicPartition } from './record.ts'

export interface ReadRequest {
  readonly tp: TopicPartition
  /** First offset wanted. */
  readonly from: number
  /** The offset to stop before, or 'tail' to wait for more for ever. */
  readonly to: number | 'tail'
  /** Most bytes of one fetch. Default 1 MiB. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

export interface ReadBatch {
  readonly records: readonly KafkaRecord[]
  /** The offset to read on from: gaps (compaction, control records) are passed over. */
  readonly next: number
}

/** Reads ranges of partitions without a consumer group, and leaves no trace on the broker. */
export interface ReaderPort {
  /**
   * Batches in offset order, each record in `[from, to)`. Retries leader changes and lost connections by itself.
   * Ends at `to`, or when `signal` is aborted. Closing the reader ends a tail, and fails a range that is not through.
   *
   * @throws TowlineError TOWLINE_OFFSET_OUT_OF_RANGE (with the log's bounds), TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE
   */
  read(request: ReadRequest): AsyncIterable<ReadBatch>
  close(): Promise<void>
}
