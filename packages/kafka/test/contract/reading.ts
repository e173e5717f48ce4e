import { expect, test } from 'vitest'
import type { ReadBatch, ReadRequest } from '../../src/index.ts'
import { type Bench, range, record, uniqueName } from './bench.ts'

/** Reading without a group. */
export function reading(bench: () => Bench): void {
  async function offsetsOf(request: ReadRequest): Promise<number[]> {
    const offsets: number[] = []
    for await (const { records } of bench().reader.read(request)) offsets.push(...records.map(({ offset }) => offset))
    return offsets
  }

  test('reads exactly the range asked for, in offset order', async () => {
    const topic = await bench().topic(2)
    const tp = { topic, partition: 1 }
    for (let batch = 0; batch < 10; batch += 1) await bench().write(tp, 10)
    expect(await offsetsOf({ tp, from: 0, to: 100 })).toEqual(range(0, 100))
    expect(await offsetsOf({ tp, from: 7, to: 93, maxBytes: 300 })).toEqual(range(7, 93))
    expect(await offsetsOf({ tp, from: 42, to: 43 })).toEqual([42])
    expect(await offsetsOf({ tp, from: 50, to: 50 })).toEqual([])
  })

  test('says after every batch where to read on, up to the end of the range', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    await bench().write(tp, 10)
    await bench().write(tp, 10)
    const batches: ReadBatch[] = []
    for await (const batch of bench().reader.read({ tp, from: 0, to: 15 })) batches.push(batch)
    expect(batches.at(-1)?.next).toBe(15)
    for (const { records, next } of batches) expect(records.at(-1)?.offset).toBe(next - 1)
  })

  test('a read of more than one batch of maxBytes goes on after each, and a record larger than maxBytes is read', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    await bench().producer.partitionCount(topic)
    for (let batch = 0; batch < 4; batch += 1) {
      await bench().producer.send([{ ...tp, records: [record('x'.repeat(20_000)), record('y')] }])
    }
    expect(await offsetsOf({ tp, from: 0, to: 8, maxBytes: 1_000 })).toEqual(range(0, 8))
  })

  test('a tail waits for more until its signal ends it', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    await bench().write(tp, 2)
    const stop = new AbortController()
    const seen: number[] = []
    const tail = (async () => {
      for await (const { records } of bench().reader.read({ tp, from: 1, to: 'tail', signal: stop.signal })) {
        seen.push(...records.map(({ offset }) => offset))
      }
    })()
    await bench().until('what is there', () => seen.length === 1)
    for (let count = 2; count <= 4; count += 1) {
      await bench().write(tp, 1)
      await bench().until('the new one', () => seen.length === count)
    }
    const stoppedAt = bench().nowMs()
    stop.abort()
    await tail
    expect(bench().nowMs() - stoppedAt).toBeLessThan(100)
    expect(seen).toEqual(range(1, 5))
  })

  test('many tails and ranges share a reader without waiting for one another', async () => {
    const topic = await bench().topic(8)
    const stop = new AbortController()
    const seen = new Map<number, number>()
    const tails = range(0, 8).map(async (partition) => {
      for await (const { records } of bench().reader.read({
        tp: { topic, partition },
        from: 0,
        to: 'tail',
        signal: stop.signal,
      })) {
        seen.set(partition, (seen.get(partition) ?? 0) + records.length)
      }
    })
    const startedAt = bench().nowMs()
    for (let turn = 1; turn <= 10; turn += 1) {
      await bench().write({ topic, partition: turn % 8 }, 1)
      await bench().until('its tail saw it', () => (seen.get(turn % 8) ?? 0) >= Math.ceil(turn / 8))
      expect(await offsetsOf({ tp: { topic, partition: turn % 8 }, from: 0, to: 1 })).toEqual([0])
    }
    expect(bench().nowMs() - startedAt).toBeLessThan(1_500)
    stop.abort()
    await Promise.all(tails)
  })

  test('a range beyond the end of the log waits until it is written', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    await bench().write(tp, 2)
    const read = offsetsOf({ tp, from: 0, to: 4 })
    await bench().write(tp, 3)
    expect(await read).toEqual(range(0, 4))
  })

  test('an offset the log does not hold is refused with its bounds', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    await bench().write(tp, 3)
    await expect(offsetsOf({ tp, from: 10, to: 20 })).rejects.toMatchObject({
      code: 'TOWLINE_OFFSET_OUT_OF_RANGE',
      value: 10,
      bound: '0..3',
    })
  })

  test('a topic or a partition that does not exist is refused', async () => {
    const topic = await bench().topic()
    const missing = { code: 'TOWLINE_TOPIC_MISSING' }
    await expect(offsetsOf({ tp: { topic: uniqueName('no'), partition: 0 }, from: 0, to: 1 })).rejects.toMatchObject(
      missing,
    )
    await expect(offsetsOf({ tp: { topic, partition: 7 }, from: 0, to: 1 })).rejects.toMatchObject(missing)
  })

  test('lost connections and moved leaders are read over', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    await bench().write(tp, 5)
    const NOT_LEADER = 6
    faults.add({ api: 'Fetch', times: 1, drop: true })
    faults.add({ api: 'Fetch', times: 1, errorCode: NOT_LEADER })
    faults.add({ api: 'Fetch', times: 1, drop: true })
    expect(await offsetsOf({ tp, from: 0, to: 5 })).toEqual(range(0, 5))
  })

  test('leaves no group behind', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    await bench().write(tp, 1)
    const before = await bench().admin.groupIds()
    await offsetsOf({ tp, from: 0, to: 1 })
    expect(await bench().admin.groupIds()).toEqual(before)
  })

  test('a reader that is closed ends its reads', async () => {
    const topic = await bench().topic()
    const reader = await bench().driver.reader()
    const tail = (async () => {
      for await (const { records } of reader.read({ tp: { topic, partition: 0 }, from: 0, to: 'tail' }))
        expect(records).toEqual([])
    })()
    await reader.close()
    await tail
  })

  test('a reader that is closed half-way through a range says so: half a range must not pass for all of it', async () => {
    const topic = await bench().topic()
    const tp = { topic, partition: 0 }
    await bench().write(tp, 3)
    const reader = await bench().driver.reader()
    const reading = (async () => {
      for await (const _batch of reader.read({ tp, from: 0, to: 10 })) await reader.close()
    })()
    await expect(reading).rejects.toMatchObject({ code: 'TOWLINE_BROKER_UNAVAILABLE' })
  })
}
