import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { kafkajsConsumer } from '../../src/kafkajs/consumer/kafkajs-consumer.ts'
import { loadKafkajs } from '../../src/kafkajs/kafkajs-internals.ts'
import { type Bench, ObservedConsumer, openBench, range, uniqueName, until } from '../contract/bench.ts'
import { kafkajsGround } from './kafkajs-drivers.ts'

// What needs a broker that misbehaves on command, and is kafkajs's own.

let broker: RunningBroker
let bench: Bench

beforeAll(async () => {
  const [devBroker] = testBrokers({})
  if (devBroker === undefined) throw new Error('the dev broker is always there')
  broker = await devBroker.start()
  bench = await openBench(kafkajsGround(broker, 'faults'))
})
afterEach(() => bench.endTest())
afterAll(async () => {
  await bench.close()
  await broker.stop()
})

const CORRUPT_MESSAGE = 2
const NOT_LEADER = 6

test("after kafkajs's loop crashed and restarted, everything was lost and is read again from the commits", async () => {
  const topic = await bench.topic(2)
  const groupId = uniqueName('group')
  for (const partition of range(0, 2)) await bench.write({ topic, partition }, 5)
  const context = {
    connection: { brokers: broker.brokers, clientId: 'crashing' },
    kafkajs: loadKafkajs(),
    loopRetries: 0,
  }
  const consumer = new ObservedConsumer(kafkajsConsumer(context, { topic, groupId, maxWaitMs: 100 }))
  await consumer.start()
  await until('all read', () => consumer.taken.length === 10)
  consumer.port.pause([{ topic, partition: 1 }])
  expect(await consumer.port.commit([{ tp: { topic, partition: 0 }, next: 4, metadata: '' }], 2_000)).toBe('confirmed')

  broker.faults?.add({ api: 'Fetch', clientId: 'crashing', times: 1, errorCode: CORRUPT_MESSAGE })
  await until('assigned again', () => consumer.assignments.length === 4)
  expect(consumer.losses.map(({ cause }) => cause)).toEqual(['membership', 'membership'])
  await until('read again', () => consumer.taken.length >= 16)
  expect(consumer.offsets(0)).toEqual([...range(0, 5), 4])
  expect(consumer.offsets(1)).toEqual([...range(0, 5), ...range(0, 5)])
  expect([...consumer.broken(), ...consumer.failures]).toEqual([])
  await consumer.port.stop()
})

describe("a consumer that is given up while kafkajs's loop joins again after a crash leaves no member behind", () => {
  /** A consumer whose loop has crashed and waits for the answer to its join. */
  async function joiningAgain() {
    const topic = await bench.topic()
    const groupId = uniqueName('group')
    const clientId = uniqueName('ghost')
    const context = { connection: { brokers: broker.brokers, clientId }, kafkajs: loadKafkajs(), loopRetries: 3 }
    const consumer = new ObservedConsumer(kafkajsConsumer(context, { topic, groupId, maxWaitMs: 100 }))
    await consumer.start()
    await until('assigned', () => consumer.assignments.length === 1)
    const answer = Promise.withResolvers<void>()
    const crash = async (): Promise<void> => {
      const joining = broker.faults?.add({ api: 'JoinGroup', clientId, times: 1, hold: answer.promise })
      broker.faults?.add({ api: 'Fetch', clientId, times: 4, errorCode: CORRUPT_MESSAGE })
      await until('joining again', () => joining?.hits === 1)
    }
    const expectNoGhost = async (): Promise<void> => {
      const fetches = broker.faults?.add({ api: 'Fetch', clientId })
      const joins = broker.faults?.add({ api: 'JoinGroup', clientId })
      await sleep(1_500) // time in which a ghost would fetch and heartbeat
      expect([fetches?.hits, joins?.hits]).toEqual([0, 0])
      expect((await bench.admin.describeGroup(groupId)).members).toEqual([])
    }
    return {
      consumer,
      crash,
      answer,
      expectNoGhost,
      members: async () => (await bench.admin.describeGroup(groupId)).members,
    }
  }

  test('when it is stopped', async () => {
    const { consumer, crash, answer, expectNoGhost } = await joiningAgain()
    await crash()
    const stopped = consumer.port.stop()
    await sleep(100) // the stop is under way
    answer.resolve()
    await stopped
    await expectNoGhost()
  })

  test('when it fails', async () => {
    const { consumer, crash, answer, expectNoGhost, members } = await joiningAgain()
    await crash()
    consumer.onMember = () => {
      throw new Error('a defect')
    }
    answer.resolve()
    await until('it failed', () => consumer.failures.length > 0)
    expect(consumer.failures).toMatchObject([{ cause: { message: 'a defect' } }])
    await vi.waitFor(async () => expect(await members()).toEqual([]), { timeout: 10_000, interval: 50 })
    await expectNoGhost()
  })
})

test('a leader that moves costs neither a rebalance nor a record', async () => {
  const topic = await bench.topic(2)
  const consumer = bench.consumer({ topic, groupId: uniqueName('group') })
  await consumer.start()
  await until('assigned', () => consumer.assigned().length === 2)
  const joins = broker.faults?.add({ api: 'JoinGroup' })
  const moved = broker.faults?.add({ api: 'Fetch', times: 3, errorCode: NOT_LEADER })
  await until('asked three times', () => moved?.hits === 3)
  await bench.write({ topic, partition: 0 }, 3)
  await until('read', () => consumer.taken.length === 3)
  expect(consumer.story).toEqual(['assigned 0', 'assigned 1'])
  expect(joins?.hits).toBe(0)
})

test('an expelled member has lost its partitions before it joins again', async () => {
  const topic = await bench.topic()
  const groupId = uniqueName('group')
  const consumer = bench.consumer({ topic, groupId })
  await consumer.start()
  await until('assigned', () => consumer.assigned().length === 1)
  const join = Promise.withResolvers<void>()
  broker.faults?.add({ api: 'JoinGroup', hold: join.promise })
  await bench.admin.leaveGroup(groupId, consumer.port.memberId() ?? '')
  await until('lost', () => consumer.losses.length === 1)
  expect(consumer.port.memberId()).toBeNull()
  expect(consumer.port.liveness().proofAgeMs).toBe(Number.POSITIVE_INFINITY)
  join.resolve()
  await until('assigned again', () => consumer.assignments.length === 2)
})

test('the age of a proof counts from when its request was sent, not from its answer', async () => {
  const topic = await bench.topic()
  const consumer = bench.consumer({ topic, groupId: uniqueName('group') })
  await consumer.start()
  await until('assigned', () => consumer.assigned().length === 1)
  const slow = broker.faults?.add({ api: 'Heartbeat', when: 'after', delayMs: 400 })
  await until('a slow heartbeat is under way', () => slow?.hits === 1)
  const proofs = consumer.proofs
  await until('it is answered', () => consumer.proofs > proofs)
  expect(consumer.port.liveness().proofAgeMs).toBeGreaterThan(390)
})

test('a coordinator that is away costs the fetch loop nothing, and the proof ages', async () => {
  const topic = await bench.topic()
  const consumer = bench.consumer({ topic, groupId: uniqueName('group'), heartbeatIntervalMs: 50 })
  await consumer.start()
  await until('assigned', () => consumer.assigned().length === 1)
  const away = broker.faults?.add({ api: 'Heartbeat', drop: true })
  const turnsTookMs: number[] = []
  for (let turn = 1; (away?.hits ?? 0) < 10; turn += 1) {
    const writtenAt = performance.now()
    await bench.write({ topic, partition: 0 }, 1)
    await until('read', () => consumer.taken.length === turn)
    turnsTookMs.push(performance.now() - writtenAt)
  }
  expect(Math.max(...turnsTookMs)).toBeLessThan(500)
  const proofs = consumer.proofs
  expect(consumer.port.liveness().proofAgeMs).toBeGreaterThan(200)
  away?.remove()
  await until('a proof again', () => consumer.proofs > proofs)
  expect(consumer.story).toEqual(['assigned 0'])
})

test('an assignment waits for offsets that cannot be loaded yet, and a rebalance meanwhile is taken in', async () => {
  const topic = await bench.topic(2)
  const groupId = uniqueName('group')
  const COORDINATOR_LOAD_IN_PROGRESS = 14
  const loading = broker.faults?.add({
    api: 'OffsetFetch',
    errorCode: COORDINATOR_LOAD_IN_PROGRESS,
    clientId: 'faults',
  })
  const first = bench.consumer({ topic, groupId })
  await first.start()
  await until('it asked', () => (loading?.hits ?? 0) > 1)
  expect(first.assigned()).toEqual([])
  const second = bench.consumer({ topic, groupId })
  await second.start()
  loading?.remove()
  await until('both have one', () => first.assigned().length === 1 && second.assigned().length === 1)
  expect([...first.broken(), ...second.broken()]).toEqual([])
})

test('a consumer that cannot fetch is seen in the age of its last fetch, though it heartbeats', async () => {
  const topic = await bench.topic()
  const consumer = bench.consumer({ topic, groupId: uniqueName('group') })
  await consumer.start()
  await until('assigned', () => consumer.assigned().length === 1)
  broker.faults?.add({ api: 'Fetch', drop: true })
  await until('no fetch for a second', () => consumer.port.liveness().fetchAgeMs > 1_000)
})

test('a handler that throws ends the consumer instead of crashing it in a circle', async () => {
  const topic = await bench.topic()
  await bench.write({ topic, partition: 0 }, 1)
  const consumer = bench.consumer({ topic, groupId: uniqueName('group') })
  consumer.verdict = () => {
    throw new Error('a defect')
  }
  await consumer.start()
  await until('it failed', () => consumer.failures.length > 0)
  expect(consumer.failures).toMatchObject([{ code: 'TOWLINE_CONSUMER_FAILED', cause: { message: 'a defect' } }])
  expect(consumer.story).toEqual(['assigned 0', 'lost 0'])
})
