import { expect, test } from 'vitest'
import { type Bench, record, uniqueName } from './bench.ts'

/** Topics, offsets and groups. */
export function administering(bench: () => Bench): void {
  test('creates topics with their configuration, and leaves those that exist alone', async () => {
    const { admin } = bench()
    const topic = await bench().topic(3, { 'retention.ms': '123456789' })
    await admin.createTopics([{ topic, partitions: 7, replicationFactor: 1, configs: { 'retention.ms': '1' } }])
    const [described, ...others] = await admin.describeTopics([topic, uniqueName('absent')])
    expect(others).toEqual([])
    expect(described).toMatchObject({ topic, partitions: 3, configs: { 'retention.ms': '123456789' } })
    expect(described?.configs['cleanup.policy']).toBe('delete')
    expect(await admin.topicNames()).toContain(topic)
    expect(await admin.brokerCount()).toBeGreaterThanOrEqual(1)
  })

  test('a topic Kafka will not create is refused with its reason', async () => {
    const spec = { partitions: 1, replicationFactor: 1 }
    const bad = [{ topic: uniqueName('bad'), ...spec, configs: { 'retention.ms': 'soon' } }]
    await expect(bench().admin.createTopics(bad)).rejects.toMatchObject({ code: 'TOWLINE_TOPIC_MISCONFIGURED' })
    const named = [{ topic: 'not a name', ...spec, configs: {} }]
    await expect(bench().admin.createTopics(named)).rejects.toMatchObject({ code: 'TOWLINE_NAME_INVALID' })
  })

  test('deletes topics, passes over those that are gone, and they can be created again', async () => {
    const { admin } = bench()
    const topic = await bench().topic()
    await bench().write({ topic, partition: 0 }, 3)
    await admin.deleteTopics([topic, uniqueName('absent')])
    expect(await admin.topicNames()).not.toContain(topic)
    await admin.createTopics([{ topic, partitions: 1, replicationFactor: 1, configs: {} }])
    expect(await admin.offsets(topic)).toEqual([{ partition: 0, low: 0, high: 0 }])
  })

  test('adds partitions, and does nothing where there are as many', async () => {
    const { admin } = bench()
    const topic = await bench().topic(1)
    await admin.addPartitions(topic, 3)
    await admin.addPartitions(topic, 3)
    await admin.addPartitions(topic, 2)
    expect(await admin.offsets(topic)).toHaveLength(3)
    await expect(admin.addPartitions(uniqueName('absent'), 2)).rejects.toMatchObject({ code: 'TOWLINE_TOPIC_MISSING' })
  })

  test('adds partitions once where several ask at the same time', async () => {
    const { admin } = bench()
    const topic = await bench().topic(1)
    await Promise.all([3, 3, 3].map((partitions) => admin.addPartitions(topic, partitions)))
    expect(await admin.offsets(topic)).toHaveLength(3)
  })

  test('finds the first offset at or after a time, or the end', async () => {
    const { admin, producer } = bench()
    const topic = await bench().topic(2)
    await producer.partitionCount(topic)
    const at = (timestampMs: number) => ({ ...record('v'), timestampMs })
    await producer.send([
      { topic, partition: 0, records: [at(1_000_000_000_000), at(1_000_000_005_000), at(1_000_000_009_000)] },
    ])
    const look = (timestampMs: number) => admin.offsetsAt(topic, timestampMs)
    expect(await look(1_000_000_004_000)).toEqual([
      { partition: 0, offset: 1 },
      { partition: 1, offset: 0 },
    ])
    expect(await look(1_000_000_010_000)).toEqual([
      { partition: 0, offset: 3 },
      { partition: 1, offset: 0 },
    ])
    await expect(admin.offsets(uniqueName('absent'))).rejects.toMatchObject({ code: 'TOWLINE_TOPIC_MISSING' })
  })

  test('keeps notes of a group without members, and refuses them while it has some', async () => {
    const { admin } = bench()
    const topic = await bench().topic(2)
    const groupId = uniqueName('group')
    const tps = [0, 1].map((partition) => ({ topic, partition }))
    const note = { tp: { topic, partition: 1 }, next: 12, metadata: 'where I was' }
    await admin.commitNote(groupId, [note])
    expect(await admin.committed(groupId, tps)).toEqual([{ tp: tps[0], next: null, metadata: '' }, note])
    expect(await admin.describeGroup(groupId)).toMatchObject({ state: 'Empty', members: [] })

    const consumer = bench().consumer({ topic, groupId })
    await consumer.start()
    await expect(admin.commitNote(groupId, [note])).rejects.toThrow(/has members/)
    await consumer.port.stop()
    const long = { ...note, metadata: 'n'.repeat(4_097) }
    await expect(admin.commitNote(groupId, [long])).rejects.toMatchObject({ value: 4_097 })
  })

  test('describes a group, its members and what each holds', async () => {
    const { admin } = bench()
    const topic = await bench().topic(2)
    const groupId = uniqueName('group')
    expect(await admin.describeGroup(groupId)).toEqual({ groupId, state: 'Dead', members: [] })
    const consumer = bench().consumer({ topic, groupId })
    await consumer.start()
    await bench().until('stable', async () => (await admin.describeGroup(groupId)).state === 'Stable')
    expect(await admin.describeGroup(groupId)).toMatchObject({
      groupId,
      state: 'Stable',
      members: [
        {
          memberId: consumer.port.memberId(),
          assigned: [
            { topic, partition: 0 },
            { topic, partition: 1 },
          ],
        },
      ],
    })
    expect(await admin.groupIds()).toContain(groupId)
  })

  test('leaves a group for a member that is dead, and passes over one that is gone', async () => {
    const { admin } = bench()
    const topic = await bench().topic()
    const groupId = uniqueName('group')
    const consumer = bench().consumer({ topic, groupId })
    await consumer.start()
    const memberId = consumer.port.memberId() ?? ''
    await admin.leaveGroup(groupId, memberId)
    await admin.leaveGroup(groupId, memberId)
    await bench().until('it is another member', () => ![null, memberId].includes(consumer.port.memberId()))
  })

  test('deletes groups that have no members, and passes over those that do not exist', async () => {
    const { admin } = bench()
    const topic = await bench().topic()
    const groupId = uniqueName('group')
    await admin.commitNote(groupId, [{ tp: { topic, partition: 0 }, next: 1, metadata: '' }])
    await admin.deleteGroups([groupId, uniqueName('absent')])
    expect(await admin.groupIds()).not.toContain(groupId)
  })

  test('what passes is retried: a controller that moved, a coordinator that is loading', async ({ skip }) => {
    const { faults } = bench()
    if (faults === undefined) return skip('this broker takes no faults')
    const NOT_CONTROLLER = 41
    const COORDINATOR_LOAD_IN_PROGRESS = 14
    faults.add({ api: 'CreateTopics', times: 1, errorCode: NOT_CONTROLLER })
    const topic = await bench().topic()
    faults.add({ api: 'OffsetFetch', times: 1, errorCode: COORDINATOR_LOAD_IN_PROGRESS })
    faults.add({ api: 'OffsetFetch', times: 1, drop: true })
    const tp = { topic, partition: 0 }
    expect(await bench().admin.committed(uniqueName('group'), [tp])).toEqual([{ tp, next: null, metadata: '' }])
  })
}
