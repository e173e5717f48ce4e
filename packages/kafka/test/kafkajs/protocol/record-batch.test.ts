import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { OutgoingRecord } from '../../../src/index.ts'
import { loadKafkajs } from '../../../src/kafkajs/kafkajs-internals.ts'
import { encodeRecordBatch } from '../../../src/kafkajs/protocol/record-batch-encoder.ts'
import { decodeRecordSet } from '../../../src/kafkajs/protocol/record-set.ts'
import { sizeOfVarint, writeVarint } from '../../../src/kafkajs/protocol/varint.ts'

const require = createRequire(import.meta.url)
const kafkajs = loadKafkajs()

const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each))
const headerValue = fc.oneof(bytes, fc.string({ unit: 'grapheme', maxLength: 100 }))
/** kafkajs cannot encode a header without a value, nor one named after an array index before others. */
const headerName = fc.string({ unit: 'grapheme', maxLength: 30 })
const recordsOf = (values: fc.Arbitrary<Buffer | string | null>): fc.Arbitrary<OutgoingRecord[]> =>
  fc.array(
    fc.record(
      {
        key: fc.option(bytes),
        value: fc.option(bytes),
        headers: fc.dictionary(headerName, fc.oneof(values, fc.array(values, { maxLength: 3 })), { maxKeys: 5 }),
        timestampMs: fc.integer({ min: 1, max: 2 ** 45 }),
      },
      { requiredKeys: ['key', 'value', 'headers'] },
    ),
    { minLength: 1, maxLength: 40 },
  )

async function encodedByKafkajs(records: readonly OutgoingRecord[], nowMs: number): Promise<Buffer> {
  const Record = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object
  const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
    RecordBatch: (batch: object) => Promise<{ buffer: Buffer }>
  }
  const times = records.map(({ timestampMs = nowMs }) => timestampMs)
  const firstTimestamp = Math.min(...times)
  const encoded = records.map((record, offsetDelta) =>
    Record({ ...record, offsetDelta, timestampDelta: (record.timestampMs ?? nowMs) - firstTimestamp }),
  )
  const batch = {
    records: encoded,
    firstTimestamp,
    maxTimestamp: Math.max(...times),
    lastOffsetDelta: records.length - 1,
  }
  return (await RecordBatch(batch)).buffer
}

test("encodes the same bytes as kafkajs's encoder", async () => {
  await fc.assert(
    fc.asyncProperty(recordsOf(headerValue), fc.integer({ min: 1, max: 2 ** 42 }), async (records, nowMs) => {
      const ours = encodeRecordBatch(records, nowMs)
      expect(ours.equals(await encodedByKafkajs(records, nowMs))).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('decodes what it encoded', async () => {
  await fc.assert(
    fc.asyncProperty(recordsOf(fc.option(headerValue)), fc.nat(2 ** 40), async (records, baseOffset) => {
      const batch = encodeRecordBatch(records, 1_000)
      batch.writeBigInt64BE(BigInt(baseOffset), 0) // the broker sets it
      const decoded = await decodeRecordSet(batch, baseOffset, [], kafkajs)
      expect(decoded.next).toBe(baseOffset + records.length)
      expect(decoded.records).toEqual(
        records.map(({ key, value, headers, timestampMs = 1_000 }, index) => ({
          offset: baseOffset + index,
          timestampMs,
          key,
          value,
          headers: readBack(headers),
        })),
      )
    }),
  )
})

/** A name with one value reads as that value, whether or not it was written as a list; an empty list is no header. */
function readBack(headers: OutgoingRecord['headers']): Record<string, unknown> {
  const asBytes = (value: Buffer | string | null) => (typeof value === 'string' ? Buffer.from(value) : value)
  const read: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(headers)) {
    const values = (Array.isArray(value) ? value : [value]).map(asBytes)
    const kept = values.length === 1 ? values[0] : values
    if (values.length > 0)
      Object.defineProperty(read, name, { value: kept, enumerable: true, writable: true, configurable: true })
  }
  return read
}

test('a varint takes as many bytes as said, over the whole range of a timestamp', () => {
  const target = Buffer.alloc(12)
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), (value) => {
      expect(writeVarint(target, value, 1) - 1).toBe(sizeOfVarint(value))
    }),
  )
})

test('records before the offset asked for are left out, of a batch cut off at the end nothing is read', async () => {
  const records = Array.from({ length: 5 }, (_, index) => ({ key: null, value: Buffer.from([index]), headers: {} }))
  const first = encodeRecordBatch(records, 1)
  const second = encodeRecordBatch(records, 1)
  second.writeBigInt64BE(5n, 0)
  const set = Buffer.concat([first, second.subarray(0, -1)])
  const decoded = await decodeRecordSet(set, 3, [], kafkajs)
  expect(decoded.records.map(({ offset }) => offset)).toEqual([3, 4])
  expect(decoded.next).toBe(5)
})

test('a batch that compaction emptied is passed over', async () => {
  const empty = encodeRecordBatch([{ key: null, value: null, headers: {} }], 1).subarray(0, 61)
  empty.writeInt32BE(61 - 12, 8)
  empty.writeInt32BE(9, 23) // last offset delta
  empty.writeInt32BE(0, 57) // records
  expect(await decodeRecordSet(empty, 2, [], kafkajs)).toEqual({ records: [], next: 10 })
})

test('with LogAppendTime every record has the time of its batch', async () => {
  const batch = encodeRecordBatch([{ key: null, value: null, headers: {}, timestampMs: 5 }], 1)
  batch.writeInt16BE(0x08, 21)
  batch.writeBigInt64BE(1_234n, 35)
  const { records } = await decodeRecordSet(batch, 0, [], kafkajs)
  expect(records[0]?.timestampMs).toBe(1_234)
})

test('an offset that a number cannot hold is refused', async () => {
  const batch = encodeRecordBatch([{ key: null, value: null, headers: {} }], 1)
  batch.writeBigInt64BE(2n ** 53n, 0)
  await expect(decodeRecordSet(batch, 0, [], kafkajs)).rejects.toMatchObject({ code: 'TOWLINE_INTERNAL' })
})

test('corrupt bytes are an error, never a hang or a wrong record', async () => {
  const batch = encodeRecordBatch(
    Array.from({ length: 3 }, () => ({ key: Buffer.from('key'), value: Buffer.from('value'), headers: { a: 'b' } })),
    1,
  )
  const corruptions = fc.record({
    at: fc.integer({ min: 61, max: batch.length - 1 }),
    byte: fc.integer({ min: 0, max: 255 }),
  })
  await fc.assert(
    fc.asyncProperty(corruptions, async ({ at, byte }) => {
      const corrupt = Buffer.from(batch)
      corrupt[at] = byte
      const result = await decodeRecordSet(corrupt, 0, [], kafkajs).catch((error: unknown) => error)
      if (result instanceof Error) expect(result).toMatchObject({ code: 'TOWLINE_INTERNAL' })
      else expect(result).toMatchObject({ next: 3 })
    }),
  )
})
