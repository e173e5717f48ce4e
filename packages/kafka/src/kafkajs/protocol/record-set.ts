import { TowlineError } from '@towline/contracts'
import type { KafkaRecord } from '../../ports/record.ts'
import type { KafkajsInternals } from '../kafkajs-internals.ts'
import { type AbortedTransaction, AbortedTransactions } from './aborted-transactions.ts'
import { decompressRecords } from './codecs.ts'
import { BATCH_OVERHEAD_BYTES } from './record-batch-encoder.ts'
import { RecordReader } from './record-reader.ts'

/** What a fetch brought for one partition. */
export interface RecordSet {
  /** In offset order, from the offset asked for; control records and those of aborted transactions are left out. */
  readonly records: KafkaRecord[]
  /** The offset to fetch next: after the last batch, whatever of it was left out. */
  readonly next: number
}

const LENGTH_PREFIX_BYTES = 12
const COMPRESSED = 0x07
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20

/** The header of a batch of message format 2, as far as a reader needs it. */
interface BatchHeader {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly attributes: number
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
  readonly producerId: bigint
  readonly count: number
  readonly end: number
}

/**
 * Decodes the batches of one partition of a fetch response. A batch cut off by the fetch limit is left for the next fetch.
 *
 * @param from The offset that was asked for; a compressed batch may begin before it.
 */
export async function decodeRecordSet(
  bytes: Buffer,
  from: number,
  aborted: readonly AbortedTransaction[],
  kafkajs: KafkajsInternals,
): Promise<RecordSet> {
  const records: KafkaRecord[] = []
  const transactions = new AbortedTransactions(aborted)
  let next = from
  let at = 0
  while (at + BATCH_OVERHEAD_BYTES <= bytes.length) {
    if ((bytes[at + 16] ?? 0) < 2) return await decodeLegacy(bytes.subarray(at), records, next, kafkajs)
    const batch = readHeader(bytes, at)
    if (batch.end > bytes.length) break
    if (batch.lastOffset >= from) {
      if (isReadable(batch, bytes, at, transactions)) {
        const body = bytes.subarray(at + BATCH_OVERHEAD_BYTES, batch.end)
        const plain = (batch.attributes & COMPRESSED) === 0 ? body : await decompressRecords(batch.attributes, body)
        readRecords(batch, plain, from, records)
      }
      next = batch.lastOffset + 1
    }
    at = batch.end
  }
  return { records, next }
}

function isReadable(batch: BatchHeader, bytes: Buffer, at: number, transactions: AbortedTransactions): boolean {
  if ((batch.attributes & CONTROL) !== 0) {
    transactions.sawMarker(batch.producerId, batch.lastOffset, bytes.subarray(at + BATCH_OVERHEAD_BYTES, batch.end))
    return false
  }
  return (batch.attributes & TRANSACTIONAL) === 0 || !transactions.covers(batch.producerId, batch.lastOffset)
}

function readRecords(batch: BatchHeader, plain: Buffer, from: number, into: KafkaRecord[]): void {
  const reader = new RecordReader(plain)
  const base = {
    offset: batch.baseOffset,
    timestampMs: batch.baseTimestampMs,
    appendedAtMs: (batch.attributes & LOG_APPEND_TIME) === 0 ? null : batch.maxTimestampMs,
  }
  for (let index = 0; index < batch.count; index += 1) {
    const record = reader.readRecord(base)
    if (record.offset >= from) into.push(record)
  }
}

function readHeader(bytes: Buffer, at: number): BatchHeader {
  const baseOffset = readOffset(bytes, at)
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(at + 23),
    attributes: bytes.readInt16BE(at + 21),
    baseTimestampMs: Number(bytes.readBigInt64BE(at + 27)),
    maxTimestampMs: Number(bytes.readBigInt64BE(at + 35)),
    producerId: bytes.readBigInt64BE(at + 43),
    count: bytes.readInt32BE(at + 57),
    end: at + LENGTH_PREFIX_BYTES + bytes.readInt32BE(at + 8),
  }
}

function readOffset(bytes: Buffer, at: number): number {
  const offset = Number(bytes.readBigInt64BE(at))
  if (Number.isSafeInteger(offset)) return offset
  throw new TowlineError('TOWLINE_INTERNAL', `offset ${offset} is beyond what a JavaScript number holds exactly`, {
    value: String(offset),
    bound: Number.MAX_SAFE_INTEGER,
  })
}

/** Message formats 0 and 1, which brokers before 4.0 may still hold; they have no headers. */
async function decodeLegacy(
  bytes: Buffer,
  records: KafkaRecord[],
  from: number,
  kafkajs: KafkajsInternals,
): Promise<RecordSet> {
  let next = from
  for (const message of await kafkajs.decodeMessageSet(new kafkajs.Decoder(bytes), bytes.length)) {
    const offset = Number(message.offset)
    if (offset < from) continue
    const { key, value } = message
    records.push({ offset, timestampMs: Number(message.timestamp ?? -1), key, value, headers: {} })
    next = offset + 1
  }
  return { records, next }
}
