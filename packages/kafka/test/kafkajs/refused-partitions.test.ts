import type { Logger } from '@towline/contracts'
import { expect, test } from 'vitest'
import { RefusedPartitions } from '../../src/kafkajs/consumer/refused-partitions.ts'

test('tells of a partition that cannot be read once in ten seconds, and of each by itself', () => {
  const told: object[] = []
  const silent: Logger = { debug() {}, info() {}, warn: (fields) => told.push(fields), error() {}, child: () => silent }
  const refused = new RefusedPartitions(silent)
  const error = new Error('CORRUPT_MESSAGE')
  const first = { topic: 'digest.tasks', partition: 0 }
  const second = { topic: 'digest.tasks', partition: 1 }
  for (const nowMs of [0, 9_999, 10_000]) refused.note(first, error, nowMs)
  refused.note(second, error, 10_000)
  expect(told).toEqual([
    { topic: 'digest.tasks', partition: 0, err: error },
    { topic: 'digest.tasks', partition: 0, err: error },
    { topic: 'digest.tasks', partition: 1, err: error },
  ])
})
