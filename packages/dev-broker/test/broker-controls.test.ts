import { describe, expect, test, vi } from 'vitest'
import { startBroker } from '../src/index.ts'
import { connectAdmin, kafkaAt, runConsumer } from './kafkajs-client.ts'
import { RawClient } from './raw-client.ts'

const METADATA = { topics: [] }

/** How the next request on this connection ends. */
async function end(raw: RawClient): Promise<string> {
  const answer = await raw.request('Metadata', 6, METADATA)
  return answer === null ? (raw.failure ?? 'closed') : 'answered'
}

/** Commits offset 0 of so many partitions of topic t for group g, as an operator does. */
async function commitFromOutside(address: string, partitionCount: number): Promise<void> {
  await using raw = new RawClient(address)
  const partitions = Array.from({ length: partitionCount }, (_, partition) => ({ partition, offset: '0' }))
  const topics = [{ topic: 't', partitions }]
  await raw.request('OffsetCommit', 5, { groupId: 'g', groupGenerationId: -1, memberId: '', topics })
}

describe('a reset connection', () => {
  test('by a fault, instead of an answer, is one the client reads as ECONNRESET', async () => {
    await using broker = await startBroker({ port: 0 })
    broker.faults.add({ api: 'Metadata', times: 1, reset: true })
    await using first = new RawClient(broker.address)
    await using second = new RawClient(broker.address)
    expect(await end(first)).toBe('ECONNRESET')
    expect(await end(second)).toBe('answered')
  })

  test('at once hits every open connection, or those of one client', async () => {
    await using broker = await startBroker({ port: 0 })
    await using one = new RawClient(broker.address, 'runner-1')
    await using two = new RawClient(broker.address, 'runner-2')
    expect([await end(one), await end(two)]).toEqual(['answered', 'answered'])
    expect(broker.faults.resetConnections(/-1$/)).toBe(1)
    await one.closed
    expect(one.failure).toBe('ECONNRESET')
    expect(await end(two)).toBe('answered')
    expect(broker.faults.resetConnections()).toBe(1)
    await two.closed
    expect(two.failure).toBe('ECONNRESET')
  })

  test('is one kafkajs gets over', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    expect(broker.faults.resetConnections('test')).toBeGreaterThan(0)
    await vi.waitFor(async () => expect(await admin.client.listTopics()).toEqual(['t']))
  })
})

describe('a rebalance on demand', () => {
  test('makes the members of a group join again', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    const joins = broker.faults.add({ api: 'JoinGroup' })
    const syncs = broker.faults.add({ api: 'SyncGroup', when: 'after' })
    await using _ = await runConsumer(kafkaAt(broker.address), 'g', ['t'])
    await vi.waitFor(() => expect(syncs.hits).toBe(1))
    const before = joins.hits
    broker.faults.rebalance('g')
    await vi.waitFor(() => expect([joins.hits > before, syncs.hits]).toEqual([true, 2]))
  })

  test('is refused for a group without members', async () => {
    await using broker = await startBroker({ port: 0 })
    expect(() => broker.faults.rebalance('g')).toThrow('group g is not known. The broker has none.')
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await commitFromOutside(broker.address, 1)
    expect(() => broker.faults.rebalance('g')).toThrow(
      expect.objectContaining({
        code: 'TOWLINE_DEV_BROKER_FAULT_REFUSED',
        message: expect.stringMatching('no members'),
      }),
    )
  })
})

describe('ageing a group', () => {
  test('drops what it has committed, and the group, as offsets.retention does', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't', numPartitions: 2 }] })
    await commitFromOutside(broker.address, 2)
    expect(broker.faults.expireOffsets('g')).toBe(2)
    const [topic] = await admin.client.fetchOffsets({ groupId: 'g', topics: ['t'] })
    expect(topic?.partitions.map(({ offset }) => offset)).toEqual(['-1', '-1'])
    expect((await admin.client.describeGroups(['g'])).groups[0]?.state).toBe('Dead')
    expect(() => broker.faults.expireOffsets('g')).toThrow(/not known/)
  })

  test('is refused while it has members', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using consumer = await runConsumer(kafkaAt(broker.address), 'g', ['t'])
    await vi.waitFor(() => expect(consumer.assignment()).toEqual({ t: [0] }))
    expect(() => broker.faults.expireOffsets('g')).toThrow(/group g has members/)
  })
})
