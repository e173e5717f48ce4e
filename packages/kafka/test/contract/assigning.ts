import { expect, test } from 'vitest'
import { type Bench, range, uniqueName } from './bench.ts'

/** What a consumer is told about partitions it gets, and what it reads of them. */
export function assigning(bench: () => Bench): void {
  test('assigns every partition with what its group committed and the bounds of its log', async () => {
    const topic = await bench().topic(3)
    const groupId = uniqueName('group')
    await bench().write({ topic, partition: 0 }, 5)
    await bench().write({ topic, partition: 1 }, 4)
    await bench().admin.commitNote(groupId, [{ tp: { topic, partition: 1 }, next: 2, metadata: 'a note' }])

    const consumer = bench().consumer({ topic, groupId })
    await consumer.start()
    await bench().until('assigned', () => consumer.assignments.length === 3)
    expect(consumer.assignments).toEqual([
      { tp: { topic, partition: 0 }, committed: null, metadata: '', logStart: 0, logEnd: 5 },
      { tp: { topic, partition: 1 }, committed: 2, metadata: 'a note', logStart: 0, logEnd: 4 },
      { tp: { topic, partition: 2 }, committed: null, metadata: '', logStart: 0, logEnd: 0 },
    ])
    await bench().until('all read', () => consumer.taken.length === 7)
    expect(consumer.offsets(0)).toEqual(range(0, 5))
    expect(consumer.offsets(1)).toEqual([2, 3])
    expect(consumer.assigned()).toEqual([0, 1, 2])
  })

  test('C1: delivers each record once, in offset order, from where its owner said', async () => {
    const topic = await bench().topic()
    await bench().write({ topic, partition: 0 }, 300)
    const consumer = bench().consumer({ topic, groupId: uniqueName('group'), maxBytes: 2_000 })
    consumer.startAt = () => 17
    await consumer.start()
    await bench().until('the backlog', () => consumer.taken.length === 283)
    for (let batch = 0; batch < 20; batch += 1) await bench().write({ topic, partition: 0 }, 10)
    await bench().until('the rest', () => consumer.taken.length >= 483)
    expect(consumer.offsets(0)).toEqual(range(17, 500))
  })

  test('hands over key, value, headers and timestamp as they were written', async () => {
    const topic = await bench().topic()
    await bench().producer.partitionCount(topic)
    const headers = { plain: 'text', bytes: Buffer.from([0, 255]), none: null, many: ['a', null, Buffer.from('b')] }
    const value = Buffer.from('välue')
    const records = [
      { key: Buffer.from('k'), value, headers, timestampMs: 1_234_567_890_123 },
      { key: null, value: null, headers: {} },
    ]
    await bench().producer.send([{ topic, partition: 0, records }])

    const seen: unknown[] = []
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    consumer.verdict = (_, read) => {
      seen.push(...read)
      return { kind: 'taken' }
    }
    await consumer.start()
    await bench().until('both read', () => seen.length === 2)
    expect(seen[0]).toEqual({
      offset: 0,
      timestampMs: 1_234_567_890_123,
      key: Buffer.from('k'),
      value,
      headers: {
        plain: Buffer.from('text'),
        bytes: Buffer.from([0, 255]),
        none: null,
        many: [Buffer.from('a'), null, Buffer.from('b')],
      },
    })
    expect(seen[1]).toMatchObject({ offset: 1, key: null, value: null, headers: {} })
  })

  test('a start that finds no such topic says so', async () => {
    const consumer = bench().consumer({ topic: uniqueName('absent'), groupId: uniqueName('group') })
    await expect(consumer.start()).rejects.toMatchObject({ code: 'TOWLINE_TOPIC_MISSING' })
  })
}
