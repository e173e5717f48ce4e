import { expect, test } from 'vitest'
import { type Bench, range, record, uniqueName } from './bench.ts'

/** Writing, one request at a time, with an answer for every batch. */
export function producing(bench: () => Bench): void {
  /** A topic with one partition more than there are brokers, and two of its partitions that have one leader. */
  async function partitionsOfOneLeader(configs: Record<string, string> = {}): Promise<[string, number, number]> {
    const { producer, admin } = bench()
    const count = (await admin.brokerCount()) + 1
    const topic = await bench().topic(count, configs)
    expect(await producer.partitionCount(topic)).toBe(count)
    const leaders = range(0, count).map((partition) => producer.leaderOf({ topic, partition }))
    const other = leaders.findIndex((leader, partition) => leaders.indexOf(leader) < partition)
    return [topic, leaders.indexOf(leaders[other] ?? null), other]
  }

  test('writes several batches of one leader by one send, each with its base offset', async () => {
    const { producer, admin } = bench()
    const [topic, one, other] = await partitionsOfOneLeader()
    const batch = (partition: number, count: number) => ({
      topic,
      partition,
      records: Array.from({ length: count }, () => record('v')),
    })
    expect(await producer.send([batch(one, 3), batch(other, 2)])).toEqual([
      { kind: 'written', baseOffset: 0 },
      { kind: 'written', baseOffset: 0 },
    ])
    expect(await producer.send([batch(other, 1), batch(one, 1)])).toEqual([
      { kind: 'written', baseOffset: 2 },
      { kind: 'written', baseOffset: 3 },
    ])
    const written = (await admin.offsets(topic)).filter(({ high }) => high > 0)
    expect(written).toEqual([
      { partition: one, low: 0, high: 4 },
      { partition: other, low: 0, high: 3 },
    ])
  })

  test('a batch that is too large is refused, the others of its send are written', async () => {
    const [topic, one, other] = await partitionsOfOneLeader({ 'max.message.bytes': '2000' })
    const results = await bench().producer.send([
      { topic, partition: one, records: [record('x'.repeat(3_000))] },
      { topic, partition: other, records: [record('x')] },
    ])
    expect(results).toMatchObject([
      { kind: 'refused', error: { code: 'TOWLINE_PAYLOAD_TOO_LARGE' } },
      { kind: 'written', baseOffset: 0 },
    ])
  })

  test('a topic or partition that does not exist is missing', async () => {
    const topic = await bench().topic()
    const { producer } = bench()
    const absent = uniqueName('absent')
    await expect(producer.partitionCount(absent)).rejects.toMatchObject({ code: 'TOWLINE_TOPIC_MISSING' })
    expect(producer.leaderOf({ topic: absent, partition: 0 })).toBeNull()
    const missing = { kind: 'failed', error: { code: 'TOWLINE_TOPIC_MISSING' } }
    expect(await producer.send([{ topic: absent, partition: 0, records: [record('x')] }])).toMatchObject([missing])
    expect(await producer.send([{ topic, partition: 5, records: [record('x')] }])).toMatchObject([missing])
  })

  test('partitions that were added are seen after a refresh', async () => {
    const topic = await bench().topic(1)
    const { producer, admin } = bench()
    expect(await producer.partitionCount(topic)).toBe(1)
    await admin.addPartitions(topic, 3)
    expect(await producer.partitionCount(topic)).toBe(1)
    await producer.refresh(topic)
    expect(await producer.partitionCount(topic)).toBe(3)
  })

  test('a lost answer is a failure that may have been written', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const topic = await bench().topic()
    const { producer, admin } = bench()
    await producer.partitionCount(topic)
    faults.add({ api: 'Produce', times: 1, when: 'after', drop: true })
    const batch = { topic, partition: 0, records: [record('x')] }
    expect(await producer.send([batch])).toMatchObject([
      { kind: 'failed', error: { code: 'TOWLINE_PUBLISH_FAILED', retriable: true } },
    ])
    expect(await producer.send([batch])).toEqual([{ kind: 'written', baseOffset: 1 }])
    expect(await admin.offsets(topic)).toEqual([{ partition: 0, low: 0, high: 2 }])
  })

  test('a leader that moved is a failure, and is looked up for the next send', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const topic = await bench().topic()
    const { producer } = bench()
    await producer.partitionCount(topic)
    const NOT_LEADER = 6
    faults.add({ api: 'Produce', times: 1, errorCode: NOT_LEADER })
    const batch = { topic, partition: 0, records: [record('x')] }
    expect(await producer.send([batch])).toMatchObject([{ kind: 'failed', error: { retriable: true } }])
    expect(producer.leaderOf(batch)).toBeNull()
    expect(await producer.send([batch])).toEqual([{ kind: 'written', baseOffset: 0 }])
  })
}
