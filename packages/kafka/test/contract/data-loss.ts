import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { type Bench, range, uniqueName, until } from './bench.ts'

/** What happens when the log no longer holds what the group wants next. */
export function dataLoss(bench: () => Bench): void {
  /** No port deletes records; retention does, and this stands in for it. */
  async function dropBefore(topic: string, offset: number): Promise<void> {
    const admin = new Kafka({ brokers: bench().broker.brokers, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.fetchTopicOffsets(topic) // loads the metadata that the next call needs
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
    await admin.disconnect()
  }

  test('records that expired before the partition was assigned are reported with exact bounds', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    const groupId = uniqueName('group')
    await bench().write(tp, 10)
    await bench().admin.commitNote(groupId, [{ tp, next: 2, metadata: '' }])
    await dropBefore(topic, 6)
    const consumer = bench().consumer({ topic, groupId })
    await consumer.start()
    await until('the rest', () => consumer.taken.length === 4)
    expect(consumer.assignments).toEqual([{ tp, committed: 2, metadata: '', logStart: 6, logEnd: 10 }])
    expect(consumer.dataLosses).toEqual([{ tp, from: 2, to: 6 }])
    expect(consumer.offsets(0)).toEqual(range(6, 10))
  })

  test('records that expire under a paused consumer are reported, and the commit is left alone', async () => {
    const topic = await bench().topic(2)
    const tp = { topic, partition: 0 }
    const groupId = uniqueName('group')
    await bench().write(tp, 3)
    const consumer = bench().consumer({ topic, groupId })
    await consumer.start()
    await until('read', () => consumer.taken.length === 3)
    expect(await consumer.port.commit([{ tp, next: 3, metadata: 'mine' }], 2_000)).toBe('confirmed')
    consumer.port.pause([tp])
    await bench().write(tp, 9)
    await dropBefore(topic, 8)
    consumer.port.resume([tp])
    await until('the rest', () => consumer.offsets(0).length === 7)
    await bench().write({ topic, partition: 1 }, 2)
    await until('the other partition goes on', () => consumer.offsets(1).length === 2)
    expect(consumer.dataLosses).toEqual([{ tp, from: 3, to: 8 }])
    expect(consumer.offsets(0)).toEqual([0, 1, 2, ...range(8, 12)])
    expect(await bench().admin.committed(groupId, [tp])).toEqual([{ tp, next: 3, metadata: 'mine' }])
    expect(consumer.losses).toEqual([])
  })

  test('a log that ends before the position is another log: the partition is lost and assigned anew', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    await bench().write(tp, 5)
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    await consumer.start()
    await until('read', () => consumer.taken.length === 5)
    consumer.port.seek(tp, 1_000) // what a topic that was deleted and created again looks like
    await until('assigned anew', () => consumer.assignments.length === 2)
    expect(consumer.losses).toEqual([{ tp, cause: 'rebalance' }])
    expect(consumer.assignments[1]).toEqual({ tp, committed: null, metadata: '', logStart: 0, logEnd: 5 })
    await until('read again', () => consumer.taken.length === 10)
    expect(consumer.dataLosses).toEqual([])
  })

  test('an owner that would begin outside the log begins at its start', async () => {
    const topic = await bench().topic()
    await bench().write({ topic, partition: 0 }, 5)
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    consumer.startAt = () => 99
    await consumer.start()
    await until('read', () => consumer.taken.length === 5)
    expect(consumer.offsets(0)).toEqual(range(0, 5))
    expect(consumer.dataLosses).toEqual([])
  })
}
