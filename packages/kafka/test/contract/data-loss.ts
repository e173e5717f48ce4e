import { expect, test } from 'vitest'
import { type Bench, range, uniqueName } from './bench.ts'

/** What happens when the log no longer holds what the group wants next. */
export function dataLoss(bench: () => Bench): void {
  async function dropBefore(topic: string, offset: number): Promise<void> {
    await bench().deleteRecords({ topic, partition: 0 }, offset)
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
    await bench().until('the rest', () => consumer.taken.length === 4)
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
    await bench().until('read', () => consumer.taken.length === 3)
    expect(await consumer.port.commit([{ tp, next: 3, metadata: 'mine' }], 2_000)).toBe('confirmed')
    consumer.port.pause([tp])
    await bench().write(tp, 9)
    await dropBefore(topic, 8)
    consumer.port.resume([tp])
    await bench().until('the rest', () => consumer.offsets(0).length === 7)
    await bench().write({ topic, partition: 1 }, 2)
    await bench().until('the other partition goes on', () => consumer.offsets(1).length === 2)
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
    await bench().until('read', () => consumer.taken.length === 5)
    consumer.port.seek(tp, 1_000) // what a topic that was deleted and created again looks like
    await bench().until('assigned anew', () => consumer.assignments.length === 2)
    expect(consumer.losses).toEqual([{ tp, cause: 'rebalance' }])
    expect(consumer.assignments[1]).toEqual({ tp, committed: null, metadata: '', logStart: 0, logEnd: 5 })
    await bench().until('read again', () => consumer.taken.length === 10)
    expect(consumer.dataLosses).toEqual([])
  })

  test('a topic made anew is read from its start, also where it is longer than the one before was', async () => {
    const topic = await bench().topic(2)
    const tps = [0, 1].map((partition) => ({ topic, partition }))
    for (const tp of tps) await bench().write(tp, 5)
    const groupId = uniqueName('group')
    const consumer = bench().consumer({ topic, groupId })
    await consumer.start()
    await bench().until('read', () => consumer.taken.length === 10)
    expect(await consumer.port.commit([{ tp: { topic, partition: 0 }, next: 5, metadata: 'mine' }], 2_000)).toBe(
      'confirmed',
    )
    const { admin, producer } = bench()
    await admin.deleteTopics([topic])
    await bench().until('given up', () => consumer.losses.length === 2)
    await admin.createTopics([{ topic, partitions: 2, replicationFactor: 1, configs: {} }])
    await producer.refresh(topic)
    for (const tp of tps) await bench().write(tp, 8)
    await bench().until('all of it', () => consumer.taken.length === 26)
    expect(consumer.assignments.slice(2).map(({ committed, logStart }) => ({ committed, logStart }))).toEqual([
      { committed: null, logStart: 0 },
      { committed: null, logStart: 0 },
    ])
    for (const partition of [0, 1]) expect(consumer.offsets(partition)).toEqual([...range(0, 5), ...range(0, 8)])
    expect(consumer.dataLosses).toEqual([])
  })

  test('an owner that would begin outside the log begins at its start', async () => {
    const topic = await bench().topic()
    await bench().write({ topic, partition: 0 }, 5)
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    consumer.startAt = () => 99
    await consumer.start()
    await bench().until('read', () => consumer.taken.length === 5)
    expect(consumer.offsets(0)).toEqual(range(0, 5))
    expect(consumer.dataLosses).toEqual([])
  })
}
