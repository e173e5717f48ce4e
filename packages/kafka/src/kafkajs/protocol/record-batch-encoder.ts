import { crc32c } from '@towline/contracts'
import type { OutgoingRecord } from '../../ports/record.ts'
import { headerName } from './header-names.ts'
import { sizeOfVarint, writeVarint } from './varint.ts'

// RecordBatch, message format 2 (https://kafka.apache.org/documentation/#recordbatch), uncompressed:
//   baseOffset i64 · batchLength i32 · partitionLeaderEpoch i32 · magic i8 · crc u32 · attributes i16 ·
//   lastOffsetDelta i32 · baseTimestamp i64 · maxTimestamp i64 · producerId i64 · producerEpoch i16 ·
//   baseSequence i32 · records [length varint · attributes i8 · timestampDelta · offsetDelta · key · value · headers]
// The bytes are those of kafkajs's encoder (a test compares them), in one buffer instead of one per field.

/** Bytes before the first record. */
export const BATCH_OVERHEAD_BYTES = 61

const LENGTH_AT = 8
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const LAST_OFFSET_DELTA_AT = 23
const BASE_TIMESTAMP_AT = 27
const MAX_TIMESTAMP_AT = 35
const PRODUCER_ID_AT = 43
const COUNT_AT = 57
const RECORD_ATTRIBUTES_BYTES = 1

type HeaderValue = Buffer | string | null

/**
 * Encodes records as one batch.
 *
 * @param nowMs Timestamp of records that have none, epoch milliseconds.
 */
export function encodeRecordBatch(records: readonly OutgoingRecord[], nowMs: number): Buffer {
  const times = timestampsOf(records, nowMs)
  const bodySizes = records.map((record, index) =>
    sizeOfBody(record, (record.timestampMs ?? nowMs) - times.first, index),
  )
  let total = BATCH_OVERHEAD_BYTES
  for (const size of bodySizes) total += sizeOfVarint(size) + size

  const bytes = Buffer.allocUnsafe(total)
  writeHeader(bytes, records.length, times)
  let at = BATCH_OVERHEAD_BYTES
  for (const [index, record] of records.entries()) {
    at = writeVarint(bytes, bodySizes[index] ?? 0, at)
    at = writeBody(bytes, record, (record.timestampMs ?? nowMs) - times.first, index, at)
  }
  bytes.writeUInt32BE(crc32c(bytes.subarray(ATTRIBUTES_AT)), CRC_AT)
  return bytes
}

interface BatchTimes {
  readonly first: number
  readonly max: number
}

function timestampsOf(records: readonly OutgoingRecord[], nowMs: number): BatchTimes {
  let first = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const record of records) {
    const at = record.timestampMs ?? nowMs
    if (at < first) first = at
    if (at > max) max = at
  }
  return { first, max }
}

function writeHeader(bytes: Buffer, count: number, times: BatchTimes): void {
  bytes.fill(0, 0, BATCH_OVERHEAD_BYTES)
  bytes.writeInt32BE(bytes.length - LENGTH_AT - 4, LENGTH_AT)
  bytes[MAGIC_AT] = 2
  bytes.writeInt32BE(count - 1, LAST_OFFSET_DELTA_AT)
  bytes.writeBigInt64BE(BigInt(times.first), BASE_TIMESTAMP_AT)
  bytes.writeBigInt64BE(BigInt(times.max), MAX_TIMESTAMP_AT)
  bytes.writeBigInt64BE(-1n, PRODUCER_ID_AT)
  bytes.writeInt32BE(count, COUNT_AT)
}

function sizeOfBody(record: OutgoingRecord, timestampDelta: number, offsetDelta: number): number {
  let size = RECORD_ATTRIBUTES_BYTES + sizeOfVarint(timestampDelta) + sizeOfVarint(offsetDelta)
  size += sizeOfBytes(record.key) + sizeOfBytes(record.value)
  let headers = 0
  for (const name in record.headers) {
    const value = record.headers[name] as HeaderValue | readonly HeaderValue[]
    const nameSize = sizeOfBytes(headerName(name))
    if (isList(value)) {
      for (const one of value) size += nameSize + sizeOfBytes(one)
      headers += value.length
    } else {
      size += nameSize + sizeOfBytes(value)
      headers += 1
    }
  }
  return size + sizeOfVarint(headers)
}

function writeBody(
  bytes: Buffer,
  record: OutgoingRecord,
  timestampDelta: number,
  offsetDelta: number,
  start: number,
): number {
  bytes[start] = 0
  let at = writeVarint(bytes, timestampDelta, start + RECORD_ATTRIBUTES_BYTES)
  at = writeVarint(bytes, offsetDelta, at)
  at = writeBytes(bytes, record.key, at)
  at = writeBytes(bytes, record.value, at)
  at = writeVarint(bytes, countHeaders(record.headers), at)
  for (const name in record.headers) {
    const value = record.headers[name] as HeaderValue | readonly HeaderValue[]
    for (const one of isList(value) ? value : [value]) {
      at = writeBytes(bytes, headerName(name), at)
      at = writeBytes(bytes, one, at)
    }
  }
  return at
}

function countHeaders(headers: OutgoingRecord['headers']): number {
  let count = 0
  for (const name in headers) {
    const value = headers[name] as HeaderValue | readonly HeaderValue[]
    count += isList(value) ? value.length : 1
  }
  return count
}

function isList(value: HeaderValue | readonly HeaderValue[]): value is readonly HeaderValue[] {
  return Array.isArray(value)
}

function sizeOfBytes(value: HeaderValue): number {
  if (value === null) return 1
  const size = typeof value === 'string' ? Buffer.byteLength(value) : value.length
  return sizeOfVarint(size) + size
}

function writeBytes(bytes: Buffer, value: HeaderValue, at: number): number {
  if (value === null) return writeVarint(bytes, -1, at)
  if (typeof value === 'string') {
    const size = Buffer.byteLength(value)
    const start = writeVarint(bytes, size, at)
    bytes.write(value, start, size, 'utf8')
    return start + size
  }
  const start = writeVarint(bytes, value.length, at)
  bytes.set(value, start)
  return start + value.length
}
