import { expect, test } from 'vitest'
import { loadKafkajs } from '../../../src/kafkajs/kafkajs-internals.ts'
import { encodeRecordBatch } from '../../../src/kafkajs/protocol/record-batch-encoder.ts'
import { decodeRecordSet } from '../../../src/kafkajs/protocol/record-set.ts'

const kafkajs = loadKafkajs()
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const ABORT = Buffer.from([0, 0, 0, 0])
const COMMIT = Buffer.from([0, 0, 0, 1])

function batch(offset: number, producerId: number, value: string, attributes = TRANSACTIONAL): Buffer {
  const bytes = encodeRecordBatch([{ key: null, value: Buffer.from(value), headers: {} }], 1)
  return placed(bytes, offset, producerId, attributes)
}

function marker(offset: number, producerId: number, type: Buffer): Buffer {
  const bytes = encodeRecordBatch([{ key: type, value: Buffer.alloc(6), headers: {} }], 1)
  return placed(bytes, offset, producerId, TRANSACTIONAL | CONTROL)
}

function placed(bytes: Buffer, offset: number, producerId: number, attributes: number): Buffer {
  bytes.writeBigInt64BE(BigInt(offset), 0)
  bytes.writeInt16BE(attributes, 21)
  bytes.writeBigInt64BE(BigInt(producerId), 43)
  return bytes
}

async function valuesOf(
  batches: Buffer[],
  from: number,
  aborted: [number, number][],
): Promise<{ values: string[]; next: number }> {
  const transactions = aborted.map(([producerId, firstOffset]) => ({ producerId: BigInt(producerId), firstOffset }))
  const { records, next } = await decodeRecordSet(Buffer.concat(batches), from, transactions, kafkajs)
  return { values: records.map(({ value }) => String(value)), next }
}

test('records of an aborted transaction are passed over, those around it are not', async () => {
  const batches = [
    batch(0, 1, 'aborted'),
    batch(1, 2, 'committed'),
    batch(2, -1, 'plain', 0),
    batch(3, 1, 'aborted too'),
    marker(4, 1, ABORT),
    batch(5, 1, 'its next transaction'),
    marker(6, 2, COMMIT),
    marker(7, 1, COMMIT),
  ]
  expect(await valuesOf(batches, 0, [[1, 0]])).toEqual({
    values: ['committed', 'plain', 'its next transaction'],
    next: 8,
  })
})

test('a transaction that was aborted without a record in the range does not hide the next one', async () => {
  const batches = [marker(4, 1, ABORT), batch(5, 1, 'good'), marker(6, 1, COMMIT)]
  expect(await valuesOf(batches, 4, [[1, 0]])).toEqual({ values: ['good'], next: 7 })
})

test('two aborted transactions of one producer end at their own markers', async () => {
  const batches = [
    batch(0, 1, 'bad'),
    marker(1, 1, ABORT),
    batch(2, 1, 'good'),
    marker(3, 1, COMMIT),
    batch(4, 1, 'bad'),
    marker(5, 1, ABORT),
  ]
  expect(
    await valuesOf(batches, 0, [
      [1, 4],
      [1, 0],
    ]),
  ).toEqual({ values: ['good'], next: 6 })
})
