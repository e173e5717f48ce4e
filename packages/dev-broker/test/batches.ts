// Record batches put together by hand, so that the log is not tested with code it shares.

import { gzipSync } from 'node:zlib'
import { crc32c } from '../src/log/crc32c.ts'

export interface BatchSpec {
  /** One record per timestamp. */
  readonly timestampsMs: readonly number[]
  readonly valueBytes?: number
  readonly compression?: 'none' | 'gzip' | 'snappy'
  readonly attributes?: number
  readonly magic?: number
  readonly producerId?: number
  readonly lastOffsetDelta?: number
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt(value) >= 0n ? BigInt(value) * 2n : BigInt(value) * -2n - 1n
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

function record(timestampDelta: number, offsetDelta: number, valueBytes: number): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(timestampDelta),
    varint(offsetDelta),
    varint(-1),
    varint(valueBytes),
    Buffer.alloc(valueBytes, 0x76),
    varint(0),
  ])
  return Buffer.concat([varint(body.length), body])
}

const CODES = { none: 0, gzip: 1, snappy: 2 } as const

export function batch(spec: BatchSpec): Buffer {
  const { timestampsMs, valueBytes = 3, compression = 'none', attributes = 0, magic = 2, producerId = -1 } = spec
  const base = timestampsMs[0] ?? 0
  const records = Buffer.concat(timestampsMs.map((at, i) => record(at - base, i, valueBytes)))
  const body = compression === 'gzip' ? gzipSync(records) : records
  const bytes = Buffer.alloc(61 + body.length)
  bytes.writeBigInt64BE(0n, 0)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt32BE(-1, 12)
  bytes.writeInt8(magic, 16)
  bytes.writeInt16BE(attributes | CODES[compression], 21)
  bytes.writeInt32BE(spec.lastOffsetDelta ?? timestampsMs.length - 1, 23)
  bytes.writeBigInt64BE(BigInt(base), 27)
  bytes.writeBigInt64BE(BigInt(Math.max(0, ...timestampsMs)), 35)
  bytes.writeBigInt64BE(BigInt(producerId), 43)
  bytes.writeInt16BE(-1, 51)
  bytes.writeInt32BE(-1, 53)
  bytes.writeInt32BE(timestampsMs.length, 57)
  body.copy(bytes, 61)
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  return bytes
}
