import { murmur2, partitionFor } from '@towline/contracts'
import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { readVectors } from './vectors/read-vectors.ts'

interface PartitionVector {
  readonly keyHex: string
  readonly murmur2: number
  readonly of12: number
  readonly of3: number
}

const vectors = readVectors<PartitionVector[]>('partitions')
const kafkajsPartitioner = kafkajs.Partitioners.DefaultPartitioner()

function placedByKafkajs(key: Buffer, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 0,
    replicas: [0],
    isr: [0],
  }))
  return kafkajsPartitioner({ topic: 'digest.tasks', partitionMetadata, message: { key, value: null } })
}

describe('partitioner', () => {
  test.each(vectors)('places key $keyHex', ({ keyHex, murmur2: hash, of12, of3 }) => {
    const key = Buffer.from(keyHex, 'hex')
    expect(murmur2(key)).toBe(hash)
    expect([partitionFor(key, 12), partitionFor(key, 3)]).toEqual([of12, of3])
    expect([placedByKafkajs(key, 12), placedByKafkajs(key, 3)]).toEqual([of12, of3])
  })

  // https://github.com/apache/kafka/blob/4.1.0/clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.java
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])("hashes %s as Kafka's own test does", (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash)
  })

  test("places every key as kafkajs's default partitioner does", () => {
    const keys = fc.uint8Array({ maxLength: 64 })
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 200 }), (bytes, partitions) => {
        expect(partitionFor(bytes, partitions)).toBe(placedByKafkajs(Buffer.from(bytes), partitions))
      }),
      { numRuns: 1_000 },
    )
  })
})
