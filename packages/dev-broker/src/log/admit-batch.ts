// What Kafka checks before it appends, each refusal with Kafka's own code.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { BATCH_HEADER_BYTES, type BatchHeader, batchChecksum, readBatchHeader } from './record-batch.ts'

export interface BatchLimits {
  readonly maxMessageBytes: number
  readonly usesLogAppendTime: boolean
  /** How far ahead of the broker's clock a producer's timestamp may lie (`message.timestamp.after.max.ms`). */
  readonly timestampAfterMaxMs: number
}

export type Admission =
  | { readonly kind: 'admitted'; readonly batch: Buffer; readonly header: BatchHeader }
  | { readonly kind: 'refused'; readonly errorCode: number }

const refused = (errorCode: number): Admission => ({ kind: 'refused', errorCode })

/** Judges the records of one partition of a Produce request: exactly one whole batch of the current format. */
export function admitBatch(records: Buffer | null, limits: BatchLimits, nowMs: number): Admission {
  if (records === null || records.length === 0) return refused(KAFKA_ERRORS.INVALID_RECORD)
  if (records.length < BATCH_HEADER_BYTES) return refused(KAFKA_ERRORS.CORRUPT_MESSAGE)
  const header = readBatchHeader(records)
  if (header.magic !== 2) return refused(KAFKA_ERRORS.INVALID_RECORD)
  if (header.sizeBytes < BATCH_HEADER_BYTES || header.sizeBytes > records.length)
    return refused(KAFKA_ERRORS.CORRUPT_MESSAGE)
  if (header.sizeBytes < records.length) return refused(KAFKA_ERRORS.INVALID_RECORD)
  if (header.sizeBytes > limits.maxMessageBytes) return refused(KAFKA_ERRORS.MESSAGE_TOO_LARGE)
  if (batchChecksum(records) !== header.crc) return refused(KAFKA_ERRORS.CORRUPT_MESSAGE)
  if (header.isControl || header.recordCount < 1 || header.lastOffsetDelta !== header.recordCount - 1)
    return refused(KAFKA_ERRORS.INVALID_RECORD)
  // No producer id was ever handed out here: see UNSUPPORTED.md, InitProducerId.
  if (header.producerId >= 0) return refused(KAFKA_ERRORS.INVALID_PRODUCER_ID_MAPPING)
  if (!limits.usesLogAppendTime && header.maxTimestampMs - nowMs > limits.timestampAfterMaxMs)
    return refused(KAFKA_ERRORS.INVALID_TIMESTAMP)
  return { kind: 'admitted', batch: records, header }
}
