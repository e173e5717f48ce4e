// The 61-byte header of a record batch (magic 2). Records stay opaque: what the broker needs is here, and of what it
// writes, base offset and leader epoch lie outside the checksum, timestamp type and largest timestamp inside.

import { crc32c } from './crc32c.ts'

export const BATCH_HEADER_BYTES = 61
const LOG_OVERHEAD_BYTES = 12
const CRC_COVERS_FROM = 21

const AT = {
  baseOffset: 0,
  batchLength: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  recordCount: 57,
} as const

const COMPRESSION_MASK = 0x07
const LOG_APPEND_TIME_FLAG = 0x08
const CONTROL_FLAG = 0x20

export type CompressionCodec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd' | 'unknown'
const CODECS: readonly CompressionCodec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

export interface BatchHeader {
  readonly baseOffset: number
  readonly sizeBytes: number
  readonly magic: number
  readonly crc: number
  readonly compression: CompressionCodec
  readonly isControl: boolean
  readonly isLogAppendTime: boolean
  readonly lastOffsetDelta: number
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
  readonly producerId: number
  readonly recordCount: number
}

/** `bytes` must hold at least {@link BATCH_HEADER_BYTES}. */
export function readBatchHeader(bytes: Buffer): BatchHeader {
  const attributes = bytes.readInt16BE(AT.attributes)
  return {
    baseOffset: readInt64(bytes, AT.baseOffset),
    sizeBytes: bytes.readInt32BE(AT.batchLength) + LOG_OVERHEAD_BYTES,
    magic: bytes.readInt8(AT.magic),
    crc: bytes.readUInt32BE(AT.crc),
    compression: CODECS[attributes & COMPRESSION_MASK] ?? 'unknown',
    isControl: (attributes & CONTROL_FLAG) !== 0,
    isLogAppendTime: (attributes & LOG_APPEND_TIME_FLAG) !== 0,
    lastOffsetDelta: bytes.readInt32BE(AT.lastOffsetDelta),
    baseTimestampMs: readInt64(bytes, AT.baseTimestamp),
    maxTimestampMs: readInt64(bytes, AT.maxTimestamp),
    producerId: readInt64(bytes, AT.producerId),
    recordCount: bytes.readInt32BE(AT.recordCount),
  }
}

export function batchChecksum(bytes: Buffer): number {
  return crc32c(bytes, CRC_COVERS_FROM)
}

/** Gives the batch its place in the log, in place. The checksum does not cover these fields. */
export function placeBatch(bytes: Buffer, baseOffset: number): void {
  writeInt64(bytes, AT.baseOffset, baseOffset)
  bytes.writeInt32BE(0, AT.leaderEpoch)
}

/** Whether the fields that the checksum does not cover are as {@link placeBatch} leaves them. */
export function isPlaced(bytes: Buffer, baseOffset: number): boolean {
  const isThere = readInt64(bytes, AT.baseOffset) === baseOffset && bytes.readInt32BE(AT.leaderEpoch) === 0
  return isThere && bytes.readInt8(AT.magic) === 2
}

/** Stamps the whole batch with the broker's time, in place, and renews the checksum. */
export function stampLogAppendTime(bytes: Buffer, appendedAtMs: number): void {
  bytes.writeInt16BE(bytes.readInt16BE(AT.attributes) | LOG_APPEND_TIME_FLAG, AT.attributes)
  writeInt64(bytes, AT.maxTimestamp, appendedAtMs)
  bytes.writeUInt32BE(batchChecksum(bytes), AT.crc)
}

function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}

function writeInt64(bytes: Buffer, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000)
  bytes.writeInt32BE(high, at)
  bytes.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
}
