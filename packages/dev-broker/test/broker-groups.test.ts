import { describe, expect, test, vi } from 'vitest'
import { KAFKA_ERRORS, startBroker } from '../src/index.ts'
import { connectAdmin, connectProducer, kafkaAt, type RunningConsumer, runConsumer } from './kafkajs-client.ts'
import { kafkajsProtocol } from './kafkajs-protocol.ts'
import { RawClient } from './raw-client.ts'

const joinArgs = (groupId: string, memberId: string, sessionTimeout = 10_000): object => ({
  groupId,
  sessionTimeout,
  rebalanceTimeout: 10_000,
  memberId,
  protocolType: 'consumer',
  groupProtocols: [{ name: 'RoundRobinAssigner', metadata: Buffer.from('000100000001000174ffffffff', 'hex') }],
})

interface Joined {
  readonly errorCode: number
  readonly generationId: number
  readonly memberId: string
}

/** A member by hand: joined and synced, its heart not beating. */
async function silentMember(raw: RawClient, groupId: string, sessionTimeout?: number): Promise<Joined> {
  const announced = await raw.request<Joined>('JoinGroup', 5, joinArgs(groupId, '', sessionTimeout))
  expect(announced?.errorCode).toBe(KAFKA_ERRORS.MEMBER_ID_REQUIRED)
  const joined = await raw.request<Joined>('JoinGroup', 5, joinArgs(groupId, announced?.memberId ?? '', sessionTimeout))
  if (joined === null) throw new Error('the connection was closed')
  const { memberId, generationId } = joined
  await raw.request('SyncGroup', 3, { groupId, generationId, memberId, groupAssignment: [] })
  return joined
}

const commitArgs = (groupId: string, { memberId, generationId }: Omit<Joined, 'errorCode'>, metadata = ''): object => ({
  groupId,
  groupGenerationId: generationId,
  memberId,
  topics: [{ topic: 't', partitions: [{ partition: 0, offset: '7', metadata }] }],
})

interface Committed {
  readonly responses: readonly { readonly partitions: readonly { readonly errorCode: number }[] }[]
}

async function commit(raw: RawClient, args: object): Promise<number | undefined> {
  return (await raw.request<Committed>('OffsetCommit', 5, args))?.responses[0]?.partitions[0]?.errorCode
}

const OUTSIDE = { memberId: '', generationId: -1 }

function owned(consumers: readonly RunningConsumer[]): readonly number[] {
  return consumers.flatMap((consumer) => consumer.assignment()['t'] ?? []).sort((left, right) => left - right)
}

test('members that come and go share the partitions, each always with one of them, and every record is read', async () => {
  await using broker = await startBroker({ port: 0 })
  const kafka = kafkaAt(broker.address)
  await using admin = await connectAdmin(kafka)
  await admin.client.createTopics({ topics: [{ topic: 't', numPartitions: 6 }] })
  await using producer = await connectProducer(kafka)
  const all = [0, 1, 2, 3, 4, 5]
  const send = (round: string): Promise<unknown> =>
    producer.client.send({
      topic: 't',
      messages: all.map((partition) => ({ partition, value: `${round}${partition}` })),
    })
  const members = [await runConsumer(kafka, 'g', ['t'])]
  await send('a')
  members.push(await runConsumer(kafka, 'g', ['t']), await runConsumer(kafka, 'g', ['t']))
  await vi.waitFor(() => expect(members.map((member) => member.assignment()['t']?.length)).toEqual([2, 2, 2]), {
    timeout: 10_000,
  })
  expect(owned(members)).toEqual(all)
  await send('b')
  await members.shift()?.client.disconnect()
  await vi.waitFor(() => expect(members.map((member) => member.assignment()['t']?.length)).toEqual([3, 3]), {
    timeout: 10_000,
  })
  expect(owned(members)).toEqual(all)
  await send('c')
  await vi.waitFor(
    () => {
      const values = members.flatMap((member) => member.received.map(({ value }) => value))
      for (const partition of all) expect(values).toContain(`c${partition}`)
    },
    { timeout: 10_000 },
  )
  for (const member of members) await member.client.disconnect()
  const committed = await admin.client.fetchOffsets({ groupId: 'g', topics: ['t'] })
  expect(committed[0]?.partitions.map(({ offset }) => offset)).toEqual(['3', '3', '3', '3', '3', '3'])
})

describe('committing', () => {
  test('keeps offset and metadata, 4,096 characters of it and not one more', async () => {
    await using broker = await startBroker({ port: 0 })
    const kafka = kafkaAt(broker.address)
    await using admin = await connectAdmin(kafka)
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using raw = new RawClient(broker.address)
    const note = 'é'.repeat(4_096)
    expect(await commit(raw, commitArgs('g', OUTSIDE, note))).toBe(KAFKA_ERRORS.NONE)
    expect(await commit(raw, commitArgs('g', OUTSIDE, `${note}x`))).toBe(KAFKA_ERRORS.OFFSET_METADATA_TOO_LARGE)
    const [topic] = await admin.client.fetchOffsets({ groupId: 'g', topics: ['t'] })
    expect(topic?.partitions).toEqual([{ partition: 0, offset: '7', metadata: note }])
  })

  test('without metadata is read back with empty metadata, also when everything is asked for', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't', numPartitions: 2 }] })
    await using raw = new RawClient(broker.address)
    const topics = [{ topic: 't', partitions: [{ partition: 1, offset: '3', metadata: null }] }]
    expect(await commit(raw, { groupId: 'g', groupGenerationId: -1, memberId: '', topics })).toBe(KAFKA_ERRORS.NONE)
    const args = { groupId: 'g', topics: [{ topic: 't', partitions: [{ partition: 0 }, { partition: 1 }] }] }
    const committed = { partition: 1, offset: '3', metadata: '', errorCode: 0 }
    expect(await raw.request('OffsetFetch', 4, args)).toMatchObject({
      responses: [{ topic: 't', partitions: [{ partition: 0, offset: '-1', metadata: '', errorCode: 0 }, committed] }],
    })
    const everything = await raw.nextResponse(raw.sendRequest(9, 4, Buffer.from('000167ffffffff', 'hex')))
    const { response } = kafkajsProtocol('OffsetFetch', 4, args)
    expect(await response.decode(everything as Buffer)).toMatchObject({
      responses: [{ topic: 't', partitions: [committed] }],
      errorCode: 0,
    })
  })

  test('from outside is refused while somebody is in the group', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using raw = new RawClient(broker.address)
    const member = await silentMember(raw, 'g')
    expect(await commit(raw, commitArgs('g', OUTSIDE))).toBe(KAFKA_ERRORS.UNKNOWN_MEMBER_ID)
    expect(await commit(raw, commitArgs('g', { ...member, generationId: 9 }))).toBe(KAFKA_ERRORS.ILLEGAL_GENERATION)
    expect(await commit(raw, commitArgs('g', member)), 'whoever owns the partition').toBe(KAFKA_ERRORS.NONE)
    expect(await commit(raw, commitArgs('other', member))).toBe(KAFKA_ERRORS.ILLEGAL_GENERATION)
    expect(await commit(raw, commitArgs('', OUTSIDE))).toBe(KAFKA_ERRORS.INVALID_GROUP_ID)
  })

  test('to a topic that is not there is refused, and a deleted topic takes its offsets along', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await using raw = new RawClient(broker.address)
    expect(await commit(raw, commitArgs('g', OUTSIDE))).toBe(KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION)
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    expect(await commit(raw, commitArgs('g', OUTSIDE))).toBe(KAFKA_ERRORS.NONE)
    await admin.client.deleteTopics({ topics: ['t'] })
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    const [topic] = await admin.client.fetchOffsets({ groupId: 'g', topics: ['t'] })
    expect(topic?.partitions).toMatchObject([{ offset: '-1' }])
  })

  test('keeps a silent member in the group', async () => {
    await using broker = await startBroker({ port: 0, minSessionTimeoutMs: 100 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using raw = new RawClient(broker.address)
    const member = await silentMember(raw, 'g', 600)
    const joinedAtMs = performance.now()
    await vi.waitFor(
      async () => {
        expect(await commit(raw, commitArgs('g', member))).toBe(KAFKA_ERRORS.NONE)
        expect(performance.now() - joinedAtMs).toBeGreaterThan(1_200)
      },
      { timeout: 5_000, interval: 150 },
    )
  })
})

test('a member that falls silent is dropped after its session, and the others take over', async () => {
  await using broker = await startBroker({ port: 0, minSessionTimeoutMs: 100 })
  const kafka = kafkaAt(broker.address)
  await using admin = await connectAdmin(kafka)
  await admin.client.createTopics({ topics: [{ topic: 't', numPartitions: 2 }] })
  await using raw = new RawClient(broker.address)
  const silent = await silentMember(raw, 'g', 500)
  await using consumer = await runConsumer(kafka, 'g', ['t'])
  await vi.waitFor(() => expect(consumer.assignment()['t']).toHaveLength(2), { timeout: 10_000 })
  expect(await commit(raw, commitArgs('g', silent))).toBe(KAFKA_ERRORS.UNKNOWN_MEMBER_ID)
})

test('any connection may sign a member off that it knows the id of', async () => {
  await using broker = await startBroker({ port: 0 })
  await using member = new RawClient(broker.address)
  await using other = new RawClient(broker.address)
  const { memberId, generationId } = await silentMember(member, 'g')
  const leave = { groupId: 'g', memberId }
  expect(await other.request('LeaveGroup', 3, leave)).toMatchObject({ errorCode: 0, members: [{ errorCode: 0 }] })
  expect(await other.request('LeaveGroup', 3, leave)).toMatchObject({
    members: [{ errorCode: KAFKA_ERRORS.UNKNOWN_MEMBER_ID }],
  })
  const heartbeat = { groupId: 'g', groupGenerationId: generationId, memberId }
  expect(await member.request('Heartbeat', 3, heartbeat)).toMatchObject({ errorCode: KAFKA_ERRORS.UNKNOWN_MEMBER_ID })
})

test.each([
  ['a session shorter than Kafka allows', joinArgs('g', '', 5_999), KAFKA_ERRORS.INVALID_SESSION_TIMEOUT],
  ['a session longer than Kafka allows', joinArgs('g', '', 1_800_001), KAFKA_ERRORS.INVALID_SESSION_TIMEOUT],
  ['no group id', joinArgs('', ''), KAFKA_ERRORS.INVALID_GROUP_ID],
  ['a member id nobody gave out', joinArgs('g', 'made-up'), KAFKA_ERRORS.UNKNOWN_MEMBER_ID],
])('joining with %s is refused with Kafka’s own error', async (_, args, errorCode) => {
  await using broker = await startBroker({ port: 0 })
  await using raw = new RawClient(broker.address)
  expect(await raw.request('JoinGroup', 5, args)).toMatchObject({ errorCode })
})

test('a static member is refused as by a Kafka that knows none', async () => {
  await using broker = await startBroker({ port: 0 })
  await using raw = new RawClient(broker.address)
  const joining = raw.request('JoinGroup', 5, { ...joinArgs('g', ''), groupInstanceId: 'me' })
  await expect(joining).rejects.toMatchObject({ type: 'UNSUPPORTED_VERSION' })
})

test('groups are described, listed, and deleted once nobody is in them', async () => {
  await using broker = await startBroker({ port: 0 })
  const kafka = kafkaAt(broker.address, { clientId: 'described' })
  await using admin = await connectAdmin(kafka)
  await admin.client.createTopics({ topics: [{ topic: 't' }] })
  const consumer = await runConsumer(kafka, 'g', ['t'])
  await vi.waitFor(() => expect(consumer.assignment()['t']).toEqual([0]))
  const { groups } = await admin.client.describeGroups(['g', 'unknown'])
  expect(groups).toMatchObject([
    {
      errorCode: 0,
      groupId: 'g',
      state: 'Stable',
      protocolType: 'consumer',
      protocol: 'RoundRobinAssigner',
      members: [{ clientId: 'described', clientHost: '/127.0.0.1' }],
    },
    { errorCode: 0, groupId: 'unknown', state: 'Dead', members: [] },
  ])
  expect((await admin.client.listGroups()).groups).toEqual([{ groupId: 'g', protocolType: 'consumer' }])
  await expect(admin.client.deleteGroups(['g'])).rejects.toMatchObject({
    groups: [{ errorCode: KAFKA_ERRORS.NON_EMPTY_GROUP }],
  })
  await consumer.client.disconnect()
  expect(await admin.client.deleteGroups(['g'])).toMatchObject([{ groupId: 'g', errorCode: 0 }])
  await expect(admin.client.deleteGroups(['g'])).rejects.toMatchObject({
    groups: [{ errorCode: KAFKA_ERRORS.GROUP_ID_NOT_FOUND }],
  })
  expect((await admin.client.listGroups()).groups).toEqual([])
})
