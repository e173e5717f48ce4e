/// <reference path="../../../src/kafkajs/protocol/untyped-codecs.d.ts" />
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { connectKafka } from '@towline/kafka/kafkajs'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import lz4 from 'lz4js'
import snappy from 'snappyjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadKafkajs } from '../../../src/kafkajs/kafkajs-internals.ts'
import { decompressRecords } from '../../../src/kafkajs/protocol/codecs.ts'
import { encodeRecordBatch } from '../../../src/kafkajs/protocol/record-batch-encoder.ts'
import { decodeRecordSet } from '../../../src/kafkajs/protocol/record-set.ts'
import { range, uniqueName } from '../../contract/bench.ts'

const PLAIN = Buffer.from('a text that repeats, a text that repeats, '.repeat(2_000))

function xerial(plain: Buffer): Buffer {
  const blocks = range(0, Math.ceil(plain.length / 32_768)).map((index) => {
    const block = snappy.compress(plain.subarray(index * 32_768, (index + 1) * 32_768))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(block.length)
    return Buffer.concat([length, block])
  })
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
  return Buffer.concat([header, ...blocks])
}

const CODECS: [string, number, (plain: Buffer) => Buffer][] = [
  ['gzip', 1, gzipSync],
  ['snappy as librdkafka writes it', 2, (plain) => snappy.compress(plain)],
  ['snappy as Java writes it', 2, xerial],
  ['lz4', 3, (plain) => Buffer.from(lz4.compress(plain))],
  ['zstd', 4, zstdCompressSync],
]

test.each(CODECS)('%s is decompressed', async (_, attributes, compress) => {
  const compressed = compress(PLAIN)
  expect(compressed.length).toBeLessThan(PLAIN.length)
  expect(PLAIN.equals(await decompressRecords(attributes, compressed))).toBe(true)
})

test('a codec Kafka does not have is refused', () => {
  expect(() => decompressRecords(5, PLAIN)).toThrow(expect.objectContaining({ value: 5 }))
})

test.each(CODECS)(
  'the records of a batch in %s are read, without those before the offset asked for',
  async (_, codec, compress) => {
    const records = range(0, 50).map((index) => ({
      key: null,
      value: Buffer.from(`value ${index}`),
      headers: { h: 'x' },
    }))
    const plain = encodeRecordBatch(records, 1)
    const batch = Buffer.concat([plain.subarray(0, 61), compress(plain.subarray(61))])
    batch.writeInt16BE(codec, 21)
    batch.writeInt32BE(batch.length - 12, 8)
    const decoded = await decodeRecordSet(batch, 47, [], loadKafkajs())
    expect(decoded.records.map(({ offset, value }) => [offset, String(value)])).toEqual([
      [47, 'value 47'],
      [48, 'value 48'],
      [49, 'value 49'],
    ])
    expect(decoded.next).toBe(50)
  },
)

const hasKcat = spawnSync('kcat', ['-V']).status === 0

describe.skipIf(!hasKcat).each(testBrokers())('kcat writes to $name', ({ start }) => {
  let broker: RunningBroker
  beforeAll(async () => {
    broker = await start()
  })
  afterAll(() => broker.stop())

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('%s is read', async (codec) => {
    const kafka = connectKafka({ brokers: broker.brokers, clientId: 'codecs' })
    const [admin, reader] = await Promise.all([kafka.admin(), kafka.reader()])
    const topic = uniqueName('codec')
    await admin.createTopics([{ topic, partitions: 1, replicationFactor: 1, configs: {} }])
    const lines = range(0, 200).map((index) => `line ${index} of a text that repeats itself`)
    const args = [
      '-P',
      '-b',
      broker.brokers.join(','),
      '-t',
      topic,
      '-p',
      '0',
      '-z',
      codec,
      '-X',
      'linger.ms=50',
      '-H',
      'from=kcat',
    ]
    const kcat = execFile('kcat', args)
    kcat.stdin?.end(lines.join('\n'))
    expect(await once(kcat, 'exit')).toEqual([0, null])
    const read: string[] = []
    for await (const { records } of reader.read({ tp: { topic, partition: 0 }, from: 0, to: 200 })) {
      read.push(...records.map(({ value }) => String(value)))
      expect(records[0]?.headers).toEqual({ from: Buffer.from('kcat') })
    }
    expect(read).toEqual(lines)
    await admin.deleteTopics([topic])
    await Promise.all([admin.close(), reader.close()])
  })
})
