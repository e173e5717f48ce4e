import { expect, test } from 'vitest'
import { type Bench, type ObservedConsumer, range, uniqueName } from './bench.ts'

const PARTITIONS = 4

/** What holds when members come and go. */
export function rebalancing(bench: () => Bench): void {
  async function filledTopic(): Promise<string> {
    const topic = await bench().topic(PARTITIONS)
    for (const partition of range(0, PARTITIONS)) await bench().write({ topic, partition }, 10)
    return topic
  }

  async function member(topic: string, groupId: string): Promise<ObservedConsumer> {
    const consumer = bench().consumer({ topic, groupId })
    await consumer.start()
    return consumer
  }

  test('C2: a kept partition is neither re-read nor paused by a rebalance', async () => {
    const topic = await filledTopic()
    const groupId = uniqueName('group')
    const first = await member(topic, groupId)
    await bench().until('all read', () => first.taken.length === 40)

    const second = await member(topic, groupId)
    await bench().until('both hold two', () => first.assigned().length === 2 && second.assigned().length === 2)
    const kept = first.assigned()
    expect(first.losses.map(({ cause }) => cause)).toEqual(['rebalance', 'rebalance'])
    for (const partition of range(0, PARTITIONS)) await bench().write({ topic, partition }, 5)
    await bench().until('the new ones', () => kept.every((partition) => first.offsets(partition).length >= 15))
    for (const partition of kept) expect(first.offsets(partition)).toEqual(range(0, 15))

    await second.port.stop()
    await bench().until('it has all again', () => first.assigned().length === PARTITIONS)
    for (const partition of range(0, PARTITIONS)) await bench().write({ topic, partition }, 5)
    await bench().until('the newest', () => kept.every((partition) => first.offsets(partition).length >= 20))
    for (const partition of kept) expect(first.offsets(partition)).toEqual(range(0, 20))
    expect([...first.broken(), ...second.broken()]).toEqual([])
  })

  test('C3: after onLost no record of the partition arrives, and a commit for it is not sent', async () => {
    const topic = await filledTopic()
    const groupId = uniqueName('group')
    const first = await member(topic, groupId)
    await bench().until('all read', () => first.taken.length === 40)
    const second = await member(topic, groupId)
    await bench().until('handed over', () => second.assigned().length === 2)
    const [partition = -1] = second.assigned()
    const before = first.offsets(partition).length
    await bench().write({ topic, partition }, 5)
    await bench().until('read by the new owner', () => second.offsets(partition).length === 15)
    expect(first.offsets(partition)).toHaveLength(before)

    const tp = { topic, partition }
    expect(await first.port.commit([{ tp, next: 3, metadata: 'late' }], 2_000)).toBe('fenced')
    const kept = { topic, partition: first.assigned()[0] ?? -1 }
    const both = [
      { tp, next: 3, metadata: 'late' },
      { tp: kept, next: 7, metadata: 'mine' },
    ]
    expect(await first.port.commit(both, 2_000)).toBe('confirmed')
    expect(await bench().admin.committed(groupId, [tp, kept])).toEqual([
      { tp, next: null, metadata: '' },
      { tp: kept, next: 7, metadata: 'mine' },
    ])
  })

  test('C5: a pause holds through a rebalance while assigned, and is forgotten when the partition is lost', async () => {
    const topic = await filledTopic()
    const groupId = uniqueName('group')
    const first = await member(topic, groupId)
    await bench().until('all read', () => first.taken.length === 40)
    first.port.pause(first.port.assigned())
    const second = await member(topic, groupId)
    await bench().until('handed over', () => second.assigned().length === 2)
    const kept = first.assigned()
    const lost = second.assigned()
    await second.port.stop()
    await bench().until('regained', () => first.assigned().length === PARTITIONS)

    for (const partition of range(0, PARTITIONS)) await bench().write({ topic, partition }, 5)
    await bench().until('the regained are read from their start', () =>
      lost.every((partition) => first.offsets(partition).length >= 25),
    )
    for (const partition of kept) expect(first.offsets(partition)).toEqual(range(0, 10))
    first.port.resume(kept.map((partition) => ({ topic, partition })))
    await bench().until('the kept go on', () => kept.every((partition) => first.offsets(partition).length >= 15))
    for (const partition of kept) expect(first.offsets(partition)).toEqual(range(0, 15))
  })

  test('a member the coordinator has forgotten loses everything, joins again and reads from the commits', async () => {
    const topic = await filledTopic()
    const groupId = uniqueName('group')
    const consumer = await member(topic, groupId)
    await bench().until('all read', () => consumer.taken.length === 40)
    const entries = range(0, PARTITIONS).map((partition) => ({ tp: { topic, partition }, next: 9, metadata: '' }))
    expect(await consumer.port.commit(entries, 2_000)).toBe('confirmed')
    const memberId = consumer.port.memberId() ?? ''
    await bench().admin.leaveGroup(groupId, memberId)

    await bench().until('lost', () => consumer.losses.length === PARTITIONS)
    expect(new Set(consumer.losses.map(({ cause }) => cause))).toEqual(new Set(['membership']))
    await bench().until('assigned again', () => consumer.assignments.length === 2 * PARTITIONS)
    expect(consumer.port.memberId()).not.toBe(memberId)
    expect(consumer.memberIds).toEqual([memberId, null, consumer.port.memberId()])
    await bench().until('re-read from the commits', () => consumer.taken.length >= 44)
    for (const partition of range(0, PARTITIONS)) expect(consumer.offsets(partition)).toEqual([...range(0, 10), 9])
    expect(consumer.broken()).toEqual([])
  })

  test('a member tells its id before it has joined, so that others can leave in its name', async () => {
    const topic = await bench().topic()
    const groupId = uniqueName('group')
    const slow = bench().consumer({ topic, groupId, heartbeatIntervalMs: 1_500 })
    await slow.start()
    const joining = bench().consumer({ topic, groupId })
    const start = joining.start()
    await bench().until('its id is known', () => joining.memberIds.length > 0)
    // The other one hears of the rebalance at its next heartbeat, and the join waits for it.
    expect(await bench().admin.describeGroup(groupId)).toMatchObject({ state: 'PreparingRebalance' })
    expect(joining.port.memberId()).toBeNull()
    await start
    expect(joining.memberIds).toEqual([joining.port.memberId()])
  })

  test('partitions added to the topic are assigned without losing the others', async () => {
    const topic = await filledTopic()
    const groupId = uniqueName('group')
    const first = await member(topic, groupId)
    await bench().until('all read', () => first.taken.length === 40)
    await bench().admin.addPartitions(topic, PARTITIONS + 1)
    const second = await member(topic, groupId) // a join refreshes the metadata of whoever leads the group
    await bench().until(
      'all five are assigned',
      () => first.assigned().length + second.assigned().length === PARTITIONS + 1,
    )
    expect([...first.assigned(), ...second.assigned()].toSorted()).toEqual(range(0, PARTITIONS + 1))
  })
}
