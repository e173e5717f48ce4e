import { expect, test } from 'vitest'
import { type Bench, uniqueName } from './bench.ts'

/** How a consumer ends: by its owner's wish, by a failure, and how it comes back by itself. */
export function stopping(bench: () => Bench): void {
  test('C6: a stop leaves the group at once, and nothing is delivered after it', async () => {
    const topic = await bench().topic(2)
    const groupId = uniqueName('group')
    const consumer = bench().consumer({ topic, groupId })
    await consumer.start()
    await bench().until('assigned', () => consumer.assigned().length === 2)
    const memberId = consumer.port.memberId()
    expect(consumer.memberIds).toEqual([memberId])
    const stopped = consumer.port.stop()
    expect(consumer.losses.map(({ tp, cause }) => `${tp.partition} ${cause}`)).toEqual(['0 stopped', '1 stopped'])
    await stopped
    expect(consumer.memberIds).toEqual([memberId, null])
    expect(await bench().admin.describeGroup(groupId)).toMatchObject({ state: 'Empty', members: [] })
    await bench().write({ topic, partition: 0 }, 1)
    const other = bench().consumer({ topic, groupId })
    await other.start()
    await bench().until('read by another', () => other.taken.length === 1)
    expect(consumer.taken).toEqual([])
    expect(consumer.port.memberId()).toBeNull()
    expect(consumer.port.liveness().proofAgeMs).toBe(Number.POSITIVE_INFINITY)
  })

  test('stops may be repeated, at once and later', async () => {
    const topic = await bench().topic()
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    await consumer.start()
    await Promise.all([consumer.port.stop(), consumer.port.stop()])
    await consumer.port.stop()
    expect(consumer.failures).toEqual([])
  })

  test('a stop before the start ends is no zombie', async () => {
    const topic = await bench().topic()
    const groupId = uniqueName('group')
    const consumer = bench().consumer({ topic, groupId })
    const start = expect(consumer.start()).rejects.toMatchObject({ code: 'TOWLINE_CONSUMER_FAILED' })
    await consumer.port.stop()
    await start
    const { state } = await bench().admin.describeGroup(groupId)
    expect(['Empty', 'Dead']).toContain(state)
    expect(consumer.assignments).toEqual([])
  })

  test('a stop while it joins waits for the join and leaves', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const topic = await bench().topic()
    const groupId = uniqueName('group')
    const consumer = bench().consumer({ topic, groupId })
    const slow = faults.add({ api: 'SyncGroup', delayMs: 300 })
    const start = expect(consumer.start()).rejects.toMatchObject({ code: 'TOWLINE_CONSUMER_FAILED' })
    await bench().until('it joins', () => slow.hits > 0)
    await Promise.all([consumer.port.stop(), start])
    expect(await bench().admin.describeGroup(groupId)).toMatchObject({ state: 'Empty', members: [] })
    expect(consumer.assignments).toEqual([])
  })

  test('a stop without a start is nothing, and a start after it is refused', async () => {
    const topic = await bench().topic()
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    await consumer.port.stop()
    await expect(consumer.start()).rejects.toMatchObject({ code: 'TOWLINE_CONSUMER_FAILED' })
  })

  test('a join that fails for a passing reason is made again', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const topic = await bench().topic()
    await bench().write({ topic, partition: 0 }, 1)
    const COORDINATOR_NOT_AVAILABLE = 15
    faults.add({ api: 'JoinGroup', times: 1, errorCode: COORDINATOR_NOT_AVAILABLE })
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    await consumer.start()
    await bench().until('read', () => consumer.taken.length === 1)
    expect(consumer.failures).toEqual([])
  })

  test('a member that was forgotten, and whose next join fails too, joins in the end', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const topic = await bench().topic()
    const groupId = uniqueName('group')
    const consumer = bench().consumer({ topic, groupId })
    await consumer.start()
    await bench().until('assigned', () => consumer.assigned().length === 1)
    const COORDINATOR_NOT_AVAILABLE = 15
    faults.add({ api: 'JoinGroup', times: 2, errorCode: COORDINATOR_NOT_AVAILABLE })
    await bench().admin.leaveGroup(groupId, consumer.port.memberId() ?? '')
    await bench().until('assigned again', () => consumer.assignments.length === 2)
    await bench().write({ topic, partition: 0 }, 1)
    await bench().until('read', () => consumer.taken.length === 1)
    expect(consumer.story).toEqual(['assigned 0', 'lost 0', 'assigned 0'])
  })

  test('lost connections cost no partition', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const topic = await bench().topic(2)
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    await consumer.start()
    await bench().until('assigned', () => consumer.assigned().length === 2)
    const drops = (['Fetch', 'Heartbeat', 'Fetch'] as const).map((api) => faults.add({ api, times: 1, drop: true }))
    await bench().until('all three struck', () => drops.every(({ hits }) => hits === 1))
    await bench().write({ topic, partition: 1 }, 3)
    await bench().until('read', () => consumer.taken.length === 3)
    expect(consumer.losses).toEqual([])
  })

  test('a failure that will not pass is told once, and everything is lost', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const topic = await bench().topic()
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    await consumer.start()
    await bench().until('assigned', () => consumer.assigned().length === 1)
    const GROUP_AUTHORIZATION_FAILED = 30
    faults.add({ api: 'Heartbeat', errorCode: GROUP_AUTHORIZATION_FAILED })
    await bench().until('it failed', () => consumer.failures.length > 0)
    expect(consumer.failures).toMatchObject([{ code: 'TOWLINE_CONSUMER_FAILED' }])
    expect(consumer.story).toEqual(['assigned 0', 'lost 0'])
    expect(consumer.port.liveness().proofAgeMs).toBe(Number.POSITIVE_INFINITY)
    await consumer.port.stop()
    expect(consumer.failures).toHaveLength(1)
  })

  test('a failure that will not pass before the first join is thrown by the start', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const topic = await bench().topic()
    const GROUP_AUTHORIZATION_FAILED = 30
    faults.add({ api: 'JoinGroup', errorCode: GROUP_AUTHORIZATION_FAILED })
    const consumer = bench().consumer({ topic, groupId: uniqueName('group') })
    await expect(consumer.start()).rejects.toMatchObject({ code: 'TOWLINE_CONSUMER_FAILED' })
    expect(consumer.failures).toEqual([])
  })

  test('heartbeats keep the proof young while everything is paused', async () => {
    const topic = await bench().topic()
    const consumer = bench().consumer({ topic, groupId: uniqueName('group'), heartbeatIntervalMs: 100 })
    await consumer.start()
    await bench().until('assigned', () => consumer.assigned().length === 1)
    consumer.port.pause(consumer.port.assigned())
    const proofs = consumer.proofs
    await bench().until('five more proofs', () => consumer.proofs >= proofs + 5)
    expect(consumer.port.liveness().proofAgeMs).toBeLessThan(1_000)
    expect(consumer.port.liveness().fetchAgeMs).toBeLessThan(1_000)
  })
}
