import type { KafkaRecord, ReaderPort, TopicPartition } from '@towline/kafka'

export type Reads = Pick<ReaderPort, 'read'>

/** Offsets `[from, to)` of a partition. */
export interface OffsetRange {
  readonly tp: TopicPartition
  readonly from: number
  readonly to: number
}

const ONE_RECORD_FETCH_BYTES = 64 * 1024

/** The records of a range as they are fetched. Throws the reason of `signal` when it is aborted: half a range is none. */
export async function* batchesOf(
  reader: Reads,
  range: OffsetRange,
  signal?: AbortSignal,
): AsyncGenerator<readonly KafkaRecord[]> {
  signal?.throwIfAborted()
  if (range.from >= range.to) return
  for await (const batch of reader.read(signal === undefined ? range : { ...range, signal })) yield batch.records
  signal?.throwIfAborted()
}

/** The first record of a range, or null where it holds none. */
export async function firstRecordOf(
  reader: Reads,
  range: OffsetRange,
  signal?: AbortSignal,
): Promise<KafkaRecord | null> {
  signal?.throwIfAborted()
  if (range.from >= range.to) return null
  const request = { ...range, maxBytes: ONE_RECORD_FETCH_BYTES }
  for await (const batch of reader.read(signal === undefined ? request : { ...request, signal })) {
    const [first] = batch.records
    if (first !== undefined) return first
  }
  signal?.throwIfAborted()
  return null
}
