import { describe, expect, test, vi } from 'vitest'
import { FaultScript } from '../src/faults/faults.ts'
import { type DevBroker, type Fault, KAFKA_ERRORS, startBroker } from '../src/index.ts'
import { connectAdmin, connectProducer, kafkaAt } from './kafkajs-client.ts'
import { RawClient } from './raw-client.ts'

const PRODUCE = {
  acks: -1,
  timeout: 1_000,
  topicData: [{ topic: 't', partitions: [{ partition: 0, messages: [{ value: 'v' }] }] }],
}

interface ProduceAnswer {
  readonly topics: readonly { readonly partitions: readonly { readonly errorCode: number }[] }[]
}

async function produce(raw: RawClient): Promise<number | 'closed' | undefined> {
  const answer = await raw.request<ProduceAnswer>('Produce', 7, PRODUCE)
  return answer === null ? 'closed' : answer.topics[0]?.partitions[0]?.errorCode
}

async function brokerWithTopic(): Promise<DevBroker> {
  const broker = await startBroker({ port: 0 })
  await using admin = await connectAdmin(kafkaAt(broker.address))
  await admin.client.createTopics({ topics: [{ topic: 't' }] })
  return broker
}

async function storedRecords(broker: DevBroker): Promise<number> {
  await using admin = await connectAdmin(kafkaAt(broker.address))
  return Number((await admin.client.fetchTopicOffsets('t'))[0]?.high)
}

describe('an error on demand', () => {
  test('is answered without handling the request, as often as it was told', async () => {
    await using broker = await brokerWithTopic()
    await using raw = new RawClient(broker.address)
    const errorCode = KAFKA_ERRORS.NOT_LEADER_OR_FOLLOWER
    const fault = broker.faults.add({ api: 'Produce', times: 2, errorCode })
    expect([await produce(raw), await produce(raw), await produce(raw)]).toEqual([errorCode, errorCode, 0])
    expect(fault.hits).toBe(2)
    expect(await storedRecords(broker)).toBe(1)
  })

  test('after handling leaves the client in the dark: the records are there', async () => {
    await using broker = await brokerWithTopic()
    await using raw = new RawClient(broker.address)
    broker.faults.add({ api: 'Produce', times: 1, when: 'after', errorCode: KAFKA_ERRORS.REQUEST_TIMED_OUT })
    expect(await produce(raw)).toBe(KAFKA_ERRORS.REQUEST_TIMED_OUT)
    expect(await storedRecords(broker)).toBe(1)
  })

  test('is one kafkajs gets over by trying again', async () => {
    await using broker = await brokerWithTopic()
    await using producer = await connectProducer(kafkaAt(broker.address))
    const fault = broker.faults.add({ api: 'Produce', times: 1, errorCode: KAFKA_ERRORS.NOT_LEADER_OR_FOLLOWER })
    await producer.client.send({ topic: 't', messages: [{ value: 'v' }] })
    expect(fault.hits).toBe(1)
    expect(await storedRecords(broker)).toBe(1)
  })
})

describe('a dropped connection', () => {
  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)('%s handling leaves %d records', async (when, stored) => {
    await using broker = await brokerWithTopic()
    await using raw = new RawClient(broker.address)
    broker.faults.add({ api: 'Produce', times: 1, when, drop: true })
    expect(await produce(raw)).toBe('closed')
    expect(await storedRecords(broker)).toBe(stored)
  })
})

describe('a delay', () => {
  test('holds up the answer, and what comes behind it on the same connection', async () => {
    await using broker = await brokerWithTopic()
    await using raw = new RawClient(broker.address)
    broker.faults.add({ api: 'Produce', times: 1, delayMs: 60 })
    const startedAtMs = performance.now()
    expect(await produce(raw)).toBe(0)
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(59)
  })

  test('by a promise ends when the test lets go', async () => {
    await using broker = await brokerWithTopic()
    await using raw = new RawClient(broker.address)
    const gate = Promise.withResolvers<void>()
    const fault = broker.faults.add({ api: 'Produce', times: 1, hold: gate.promise })
    const producing = produce(raw)
    await vi.waitFor(() => expect(fault.hits).toBe(1))
    expect(await storedRecords(broker)).toBe(0)
    gate.resolve()
    expect(await producing).toBe(0)
  })

  test('does not hold up a broker that stops', async () => {
    const broker = await brokerWithTopic()
    await using raw = new RawClient(broker.address)
    const fault = broker.faults.add({ api: 'Produce', delayMs: 600_000 })
    const producing = produce(raw)
    await vi.waitFor(() => expect(fault.hits).toBe(1))
    await broker.stop()
    expect(await producing).toBe('closed')
  })
})

test('a fault hits only the clients and the API it names, until it is removed', async () => {
  await using broker = await brokerWithTopic()
  await using one = new RawClient(broker.address, 'runner-1')
  await using two = new RawClient(broker.address, 'runner-2')
  const errorCode = KAFKA_ERRORS.NOT_LEADER_OR_FOLLOWER
  const byName = broker.faults.add({ api: 'Produce', clientId: 'runner-1', errorCode })
  expect([await produce(one), await produce(two)]).toEqual([errorCode, 0])
  byName.remove()
  byName.remove()
  {
    using byPattern = broker.faults.add({ api: 'Produce', clientId: /-2$/g, errorCode })
    expect([await produce(one), await produce(two), await produce(two)]).toEqual([0, errorCode, errorCode])
    expect(byPattern.hits).toBe(2)
  }
  broker.faults.add({ api: 'Fetch', errorCode })
  expect([await produce(one), await produce(two)]).toEqual([0, 0])
})

describe('choosing a fault', () => {
  const strikes = (faults: FaultScript, ...clients: readonly string[]): readonly (Fault | null)[] =>
    clients.map((client) => faults.strike('Heartbeat', client))

  test('takes the first that was added of those that match, and the next when that is spent', () => {
    const faults = new FaultScript()
    const first: Fault = { api: 'Heartbeat', times: 1, drop: true }
    const second: Fault = { api: 'Heartbeat', clientId: 'a', errorCode: 15 }
    faults.add(first)
    faults.add(second)
    expect(strikes(faults, 'a', 'a', 'b')).toEqual([first, second, null])
    faults.clear()
    expect(strikes(faults, 'a')).toEqual([null])
  })

  test('matches the whole client id, not a part of it', () => {
    const faults = new FaultScript()
    const fault: Fault = { api: 'Heartbeat', clientId: 'run', drop: true }
    faults.add(fault)
    expect(strikes(faults, 'runner', 'run')).toEqual([null, fault])
  })

  test('counts with those that have no effect, and goes on to the next', () => {
    const faults = new FaultScript()
    const counts = faults.add({ api: 'Heartbeat', times: 2 })
    const fault: Fault = { api: 'Heartbeat', delayMs: 1 }
    faults.add(fault)
    expect(strikes(faults, 'a', 'a', 'a')).toEqual([fault, fault, fault])
    expect(counts.hits).toBe(2)
  })
})
