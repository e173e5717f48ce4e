import { expect, test } from 'vitest'
import { type Bench, type ObservedConsumer, range, record, uniqueName } from './bench.ts'

/** Pausing, refusing and seeking. */
export function flow(bench: () => Bench): void {
  async function reading(topic: string, options: { maxWaitMs?: number } = {}): Promise<ObservedConsumer> {
    const consumer = bench().consumer({ topic, groupId: uniqueName('group'), ...options })
    await consumer.start()
    await bench().until('assigned', () => consumer.assigned().length > 0)
    return consumer
  }

  test('a paused partition is silent and goes on with the next record', async () => {
    const topic = await bench().topic(2)
    const consumer = await reading(topic)
    const paused = { topic, partition: 0 }
    consumer.port.pause([paused])
    await bench().write(paused, 5)
    for (let batch = 0; batch < 5; batch += 1) await bench().write({ topic, partition: 1 }, 1)
    await bench().until('the other partition', () => consumer.offsets(1).length === 5)
    expect(consumer.offsets(0)).toEqual([])
    consumer.port.resume([paused])
    await bench().until('resumed', () => consumer.offsets(0).length === 5)
    expect(consumer.offsets(0)).toEqual(range(0, 5))
  })

  test('a resume is noticed at once, with everything paused', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    const consumer = await reading(topic, { maxWaitMs: 1_000 })
    consumer.port.pause([tp])
    const pausedAt = bench().nowMs()
    await bench().write(tp, 3) // ends the fetch that is under way
    await bench().until('the next turn', () => bench().nowMs() - consumer.port.liveness().fetchAgeMs > pausedAt)
    consumer.port.resume([tp])
    const resumedAt = bench().nowMs()
    await bench().until('resumed', () => consumer.taken.length === 3)
    expect(bench().nowMs() - resumedAt).toBeLessThan(500)
  })

  test('a resume is not held up by the fetch of other partitions', async () => {
    const topic = await bench().topic(2)
    const tp = { topic, partition: 0 }
    const consumer = await reading(topic, { maxWaitMs: 1_000 })
    await bench().write({ topic, partition: 1 }, 1) // ends the fetch in which both partitions wait
    await bench().until('read', () => consumer.taken.length === 1)
    consumer.port.pause([tp])
    await bench().write({ topic, partition: 1 }, 1)
    await bench().until('read', () => consumer.taken.length === 2)
    await bench().write(tp, 3)
    consumer.port.resume([tp])
    const resumedAt = bench().nowMs()
    await bench().until('resumed', () => consumer.offsets(0).length === 3)
    expect(bench().nowMs() - resumedAt).toBeLessThan(500)
  })

  test('a backlog of one partition does not starve the others', async () => {
    const topic = await bench().topic(2)
    for (let batch = 0; batch < 60; batch += 1) await bench().write({ topic, partition: 0 }, 20)
    // Larger than what the backlog leaves of an answer: it comes only when it is asked for first.
    await bench().producer.send([{ topic, partition: 1, records: [record('x'.repeat(2_000))] }])
    const consumer = bench().consumer({ topic, groupId: uniqueName('group'), maxBytes: 500 })
    await consumer.start()
    await bench().until('the record of the other partition', () => consumer.offsets(1).length === 1)
    expect(consumer.offsets(0).length).toBeLessThan(1_200)
    await bench().until('the backlog', () => consumer.offsets(0).length === 1_200)
  })

  test('a refused batch is read again from where its owner said, once resumed', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    await bench().write(tp, 10)
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    let refusals = 0
    consumer.verdict = () => {
      refusals += 1
      return refusals === 1 ? { kind: 'refused', resumeAt: 4 } : { kind: 'taken' }
    }
    await consumer.start()
    await bench().until('refused', () => refusals === 1)
    await bench().write(tp, 5)
    expect(consumer.offsets(0)).toEqual(range(0, 4))
    consumer.port.resume([tp])
    await bench().until('the rest', () => consumer.taken.length >= 15)
    expect(consumer.offsets(0)).toEqual(range(0, 15))
  })

  test('a seek reads on from there, back and forth, and nothing fetched before it arrives', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    await bench().write(tp, 20)
    const consumer = await reading(topic)
    await bench().until('all read', () => consumer.taken.length === 20)
    consumer.port.seek(tp, 5)
    await bench().until('read again', () => consumer.taken.length === 35)
    consumer.port.seek(tp, 18)
    await bench().until('the last two again', () => consumer.taken.length >= 37)
    expect(consumer.offsets(0)).toEqual([...range(0, 20), ...range(5, 20), 18, 19])
  })

  test('a seek from inside onRecords wins over the batch it came with', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    await bench().write(tp, 10)
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    let calls = 0
    consumer.verdict = () => {
      calls += 1
      if (calls === 1) consumer.port.seek(tp, 3)
      return { kind: 'taken' }
    }
    await consumer.start()
    await bench().until('both reads', () => consumer.taken.length >= 17)
    expect(consumer.offsets(0)).toEqual([...range(0, 10), ...range(3, 10)])
  })

  test('pauses, resumes and seeks of partitions that are not assigned are ignored', async () => {
    const topic = await bench().topic()
    const consumer = await reading(topic)
    const other = { topic: uniqueName('other'), partition: 0 }
    consumer.port.pause([other, { topic, partition: 9 }])
    consumer.port.resume([other])
    consumer.port.seek({ topic, partition: 9 }, 100)
    await bench().write({ topic, partition: 0 }, 2)
    await bench().until('read', () => consumer.taken.length === 2)
    expect(consumer.failures).toEqual([])
  })
}
