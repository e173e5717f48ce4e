import { describe, expect, test, vi } from 'vitest'
import { type DevBroker, KAFKA_ERRORS, startBroker, startDevBroker } from '../src/index.ts'
import { connectAdmin, connectProducer, kafkaAt, runConsumer } from './kafkajs-client.ts'
import { RawClient } from './raw-client.ts'

const { NOT_LEADER_OR_FOLLOWER, NOT_COORDINATOR, NONE } = KAFKA_ERRORS

interface Placed {
  readonly partition: number
  readonly leader: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

async function threeNodes(topic: { numPartitions: number; replicationFactor: number }): Promise<DevBroker> {
  const broker = await startBroker({ port: 0, nodes: 3, minSessionTimeoutMs: 1_000 })
  await using admin = await connectAdmin(kafkaAt(broker.address))
  await admin.client.createTopics({ topics: [{ topic: 't', ...topic }] })
  return broker
}

/** Topic t as one node describes it, by partition. */
async function placement(address: string): Promise<readonly Placed[]> {
  await using admin = await connectAdmin(kafkaAt(address))
  const { topics } = await admin.client.fetchTopicMetadata({ topics: ['t'] })
  const placed = topics[0]?.partitions.map(({ partitionId: partition, leader, replicas, isr }) => {
    return { partition, leader, replicas, isr }
  })
  return placed?.toSorted((a, b) => a.partition - b.partition) ?? []
}

function addressOf(broker: DevBroker, nodeId: number): string {
  return broker.addresses[nodeId - 1] ?? ''
}

async function produceAt(address: string, partition = 0): Promise<number | undefined> {
  await using raw = new RawClient(address)
  const topicData = [{ topic: 't', partitions: [{ partition, messages: [{ value: 'v' }] }] }]
  const answer = await raw.request<{ topics: { partitions: { errorCode: number }[] }[] }>('Produce', 7, {
    ...{ acks: -1, timeout: 1_000, topicData },
  })
  return answer?.topics[0]?.partitions[0]?.errorCode
}

async function fetchAt(address: string, maxWaitTime = 0): Promise<number | undefined> {
  await using raw = new RawClient(address)
  const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 0, maxBytes: 1_000 }] }]
  const args = { replicaId: -1, maxWaitTime, minBytes: 1, maxBytes: 1_000, topics }
  const answer = await raw.request<{ responses: { partitions: { errorCode: number }[] }[] }>('Fetch', 11, args)
  return answer?.responses[0]?.partitions[0]?.errorCode
}

async function heartbeatAt(address: string): Promise<number | undefined> {
  await using raw = new RawClient(address)
  const args = { groupId: 'g', groupGenerationId: 1, memberId: 'm' }
  return (await raw.request<{ errorCode: number }>('Heartbeat', 3, args))?.errorCode
}

describe('several nodes', () => {
  test('share the topics, and each leads its share of the partitions', async () => {
    await using broker = await threeNodes({ numPartitions: 6, replicationFactor: 2 })
    const placed = await placement(broker.address)
    for (const id of [1, 2, 3]) expect(placed.filter(({ leader }) => leader === id)).toHaveLength(2)
    for (const { leader, replicas, isr } of placed) {
      expect([replicas[0], new Set(replicas).size]).toEqual([leader, 2])
      expect(isr).toEqual(replicas)
    }
    for (const address of broker.addresses) expect(await placement(address)).toEqual(placed)
  })

  test('refuse more replicas than there are nodes', async () => {
    await using broker = await startBroker({ port: 0, nodes: 2 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    const creating = admin.client.createTopics({ topics: [{ topic: 't', replicationFactor: 3 }] })
    await expect(creating).rejects.toMatchObject({ errors: [{ type: 'INVALID_REPLICATION_FACTOR' }] })
  })

  test('take records of a partition, and give them, at its leader only', async () => {
    await using broker = await threeNodes({ numPartitions: 1, replicationFactor: 3 })
    const leader = (await placement(broker.address))[0]?.leader
    for (const id of [1, 2, 3]) {
      const expected = id === leader ? NONE : NOT_LEADER_OR_FOLLOWER
      expect(await produceAt(addressOf(broker, id))).toBe(expected)
      expect(await fetchAt(addressOf(broker, id))).toBe(expected)
    }
  })

  test('answer for a group at its coordinator only', async () => {
    await using broker = await threeNodes({ numPartitions: 1, replicationFactor: 1 })
    const codes = await Promise.all(broker.addresses.map((address) => heartbeatAt(address)))
    expect(codes.toSorted()).toEqual([NOT_COORDINATOR, NOT_COORDINATOR, KAFKA_ERRORS.UNKNOWN_MEMBER_ID])
  })

  test('serve kafkajs as one cluster, whichever of them it is told of', async () => {
    await using broker = await threeNodes({ numPartitions: 6, replicationFactor: 1 })
    await using producer = await connectProducer(kafkaAt(addressOf(broker, 2)))
    const messages = Array.from({ length: 60 }, (_, i) => ({ key: `k${i}`, value: `v${i}` }))
    await producer.client.send({ topic: 't', messages })
    await using consumer = await runConsumer(kafkaAt(addressOf(broker, 3)), 'g', ['t'])
    await vi.waitFor(() => expect(consumer.received).toHaveLength(60))
    await using admin = await connectAdmin(kafkaAt(broker.address))
    const groups = await admin.client.listGroups()
    expect(groups.groups.map(({ groupId }) => groupId)).toEqual(['g'])
    expect((await admin.client.describeGroups(['g'])).groups[0]?.state).toBe('Stable')
  })

  test('are all named in the list of brokers', async () => {
    await using running = await startDevBroker({ port: 0, registryPort: 0, nodes: 2 })
    expect(running.brokers).toBe(running.broker.addresses.join(','))
    expect(running.broker.addresses).toHaveLength(2)
  })
})

describe('a moved leader', () => {
  test('is the one that answers, and a reader that waits at the old one is told', async () => {
    await using broker = await threeNodes({ numPartitions: 1, replicationFactor: 1 })
    const old = (await placement(broker.address))[0]?.leader ?? 0
    const next = (old % 3) + 1
    const fetches = broker.faults.add({ api: 'Fetch' })
    const waiting = fetchAt(addressOf(broker, old), 30_000)
    await vi.waitFor(() => expect(fetches.hits).toBe(1))
    broker.faults.moveLeader('t', 0, next)
    expect(await waiting).toBe(NOT_LEADER_OR_FOLLOWER)
    expect(await produceAt(addressOf(broker, next))).toBe(NONE)
    expect(await placement(broker.address)).toEqual([{ partition: 0, leader: next, replicas: [next], isr: [next] }])
  })

  test('is found by a kafkajs producer by itself', async () => {
    await using broker = await threeNodes({ numPartitions: 1, replicationFactor: 1 })
    await using producer = await connectProducer(kafkaAt(broker.address))
    await producer.client.send({ topic: 't', messages: [{ value: 'a' }] })
    broker.faults.moveLeader('t', 0, (((await placement(broker.address))[0]?.leader ?? 0) % 3) + 1)
    await producer.client.send({ topic: 't', messages: [{ value: 'b' }] })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    expect((await admin.client.fetchTopicOffsets('t'))[0]?.high).toBe('2')
  })

  test('must be a node, of a partition that is there', async () => {
    await using broker = await threeNodes({ numPartitions: 1, replicationFactor: 1 })
    expect(() => broker.faults.moveLeader('t', 0, 9)).toThrow('node 9 is not known. The broker has 1, 2, 3.')
    expect(() => broker.faults.moveLeader('t', 1, 1)).toThrow('partition t/1 is not known')
  })
})

test('a moved coordinator is found by the members of its group by themselves', async () => {
  await using broker = await threeNodes({ numPartitions: 1, replicationFactor: 1 })
  await using consumer = await runConsumer(kafkaAt(broker.address), 'g', ['t'])
  await vi.waitFor(() => expect(consumer.assignment()).toEqual({ t: [0] }))
  const old = 1 + (await Promise.all(broker.addresses.map(heartbeatAt))).findIndex((code) => code !== NOT_COORDINATOR)
  const next = (old % 3) + 1
  broker.faults.moveCoordinator('g', next)
  expect(await heartbeatAt(addressOf(broker, old))).toBe(NOT_COORDINATOR)
  await using producer = await connectProducer(kafkaAt(broker.address))
  await producer.client.send({ topic: 't', messages: [{ value: 'a' }] })
  await using admin = await connectAdmin(kafkaAt(broker.address))
  await vi.waitFor(async () => {
    const [topic] = await admin.client.fetchOffsets({ groupId: 'g', topics: ['t'] })
    expect(topic?.partitions[0]?.offset).toBe('1')
  }, 10_000)
})

describe('a stopped node', () => {
  test('hands what it led to the other replicas, and leads it again when it is back', async () => {
    await using broker = await threeNodes({ numPartitions: 3, replicationFactor: 2 })
    const before = await placement(broker.address)
    await broker.faults.stopNode(2)
    const without = await placement(broker.address)
    expect(without.every(({ leader, isr }) => leader !== 2 && !isr.includes(2))).toBe(true)
    expect(without.map(({ replicas }) => replicas)).toEqual(before.map(({ replicas }) => replicas))
    await broker.faults.startNode(2)
    expect(await placement(addressOf(broker, 2))).toEqual(before)
  })

  test('takes partitions without another replica along: they have no leader until it is back', async () => {
    await using broker = await threeNodes({ numPartitions: 3, replicationFactor: 1 })
    await broker.faults.stopNode(3)
    await using raw = new RawClient(broker.address)
    const answer = await raw.request<{ topicMetadata: { partitionMetadata: object[] }[] }>('Metadata', 6, {
      topics: ['t'],
    })
    const partitions = answer?.topicMetadata[0]?.partitionMetadata
    const orphan = { leader: -1, replicas: [3], isr: [], partitionErrorCode: KAFKA_ERRORS.LEADER_NOT_AVAILABLE }
    expect(partitions?.filter((each) => 'leader' in each && each.leader === -1)).toMatchObject([orphan])
  })

  test('is one that producers and consumers of a replicated topic get over', async () => {
    await using broker = await threeNodes({ numPartitions: 3, replicationFactor: 3 })
    const kafka = kafkaAt(broker.address)
    await using producer = await connectProducer(kafka)
    await using consumer = await runConsumer(kafka, 'g', ['t'], { sessionTimeout: 1_000 })
    const send = (value: string) =>
      producer.client.send({ topic: 't', messages: [0, 1, 2].map((partition) => ({ value, partition })) })
    await send('before')
    await vi.waitFor(() => expect(consumer.received).toHaveLength(3))
    await broker.faults.stopNode(2)
    await send('during')
    await vi.waitFor(() => expect(consumer.received.length).toBeGreaterThanOrEqual(6), 10_000)
    await broker.faults.startNode(2)
    await send('after')
    await vi.waitFor(() => expect(new Set(consumer.received.map(({ value }) => value)).size).toBe(3), 10_000)
  })

  test('frees its port, and cannot be started twice', async () => {
    await using broker = await startBroker({ port: 0, nodes: 1 })
    await expect(broker.faults.startNode(1)).rejects.toThrow('node 1 is running')
    await broker.faults.stopNode(1)
    await broker.faults.stopNode(1)
    await using other = await startBroker({ port: broker.port })
    await expect(broker.faults.startNode(1)).rejects.toMatchObject({ code: 'TOWLINE_DEV_BROKER_PORT_TAKEN' })
    await other.stop()
    await broker.faults.startNode(1)
    await using admin = await connectAdmin(kafkaAt(broker.address))
    expect(await admin.client.listTopics()).toEqual([])
  })
})

test('clients are told the ports of what is in front of the nodes, where there is something', async () => {
  await using hidden = await startBroker({ port: 0, nodes: 2, advertisedPort: 40_000 })
  expect(hidden.addresses).toEqual(['127.0.0.1:40000', '127.0.0.1:40001'])
  await using plain = await startBroker({ port: 0 })
  expect(plain.port).toBeGreaterThan(0)
  expect(plain.address).toBe(`127.0.0.1:${plain.port}`)
})
