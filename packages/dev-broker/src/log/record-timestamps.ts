// Decodes just enough of a batch to find a record by time: the only place that looks inside the records.

import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { BATCH_HEADER_BYTES, type CompressionCodec, readBatchHeader } from './record-batch.ts'

export interface TimestampedOffset {
  readonly offset: number
  readonly timestampMs: number
}

/**
 * The first record of `batch` at or after `timestampMs`, `notBefore` or later in the log.
 * Of a batch in a codec Node cannot open (snappy, lz4) its first offset is given: never too late, at most a batch early.
 */
export function firstRecordSince(batch: Buffer, timestampMs: number, notBefore: number): TimestampedOffset | null {
  const header = readBatchHeader(batch)
  const whole = { offset: Math.max(header.baseOffset, notBefore), timestampMs: header.maxTimestampMs }
  if (header.maxTimestampMs < timestampMs) return null
  if (header.isLogAppendTime) return whole
  const records = openRecords(batch, header.compression)
  if (records === null) return whole
  let at = 0
  for (let i = 0; i < header.recordCount && at < records.length; i++) {
    const length = readVarint(records, at)
    const recordStart = length.next
    const timestampDelta = readVarint(records, recordStart + 1)
    const offsetDelta = readVarint(records, timestampDelta.next)
    const offset = header.baseOffset + offsetDelta.value
    const recordTimestampMs = header.baseTimestampMs + timestampDelta.value
    if (recordTimestampMs >= timestampMs && offset >= notBefore) return { offset, timestampMs: recordTimestampMs }
    at = recordStart + length.value
    if (length.value < 0) return whole
  }
  return null
}

const OPENERS: { readonly [Codec in CompressionCodec]?: (body: Buffer) => Buffer } = {
  none: (body) => body,
  gzip: (body) => gunzipSync(body),
  zstd: (body) => zstdDecompressSync(body),
}

function openRecords(batch: Buffer, compression: CompressionCodec): Buffer | null {
  try {
    return OPENERS[compression]?.(batch.subarray(BATCH_HEADER_BYTES)) ?? null
  } catch {
    // A producer's broken compression is its consumers' problem; here it only costs precision.
    return null
  }
}

/** A zigzag varint of up to 64 bits; deltas stay below 2^53. */
function readVarint(bytes: Buffer, start: number): { readonly value: number; readonly next: number } {
  let raw = 0
  let scale = 1
  let at = start
  for (;;) {
    const byte = bytes[at] ?? 0
    at += 1
    raw += (byte & 0x7f) * scale
    if ((byte & 0x80) === 0) break
    scale *= 128
  }
  return { value: raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2, next: at }
}
