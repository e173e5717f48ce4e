import { HEADER } from '@towline/contracts'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { dryRunReplay, replayStatus, resumeReplay, runReplay } from '../src/index.ts'
import { BrokerWorld } from './broker-world.ts'

// Kafka's error codes, https://kafka.apache.org/protocol#protocol_error_codes
const COORDINATOR_NOT_AVAILABLE = 15
const NOT_LEADER_OR_FOLLOWER = 6
const TOPIC_AUTHORIZATION_FAILED = 29

let broker: RunningBroker

beforeAll(async () => {
  const devBroker = testBrokers().find(({ name }) => name === 'dev broker')
  if (devBroker === undefined) throw new Error('there is always a dev broker')
  broker = await devBroker.start()
})

afterEach(() => broker.faults?.clear())

afterAll(() => broker.stop())

async function idsIn(world: BrokerWorld): Promise<string[]> {
  return (await world.consumeAll(world.names.replay)).map(({ headers }) => String(headers[HEADER.ceId]))
}

test('a leader that moves, a coordinator that moves and answers that are lost do not end a run', async () => {
  await using world = await BrokerWorld.open(broker.brokers)
  await world.seed(200)
  const plan = await world.plan({ ratePerSecond: 400 })
  const faults = [
    broker.faults?.add({ api: 'OffsetCommit', times: 2, errorCode: COORDINATOR_NOT_AVAILABLE }),
    broker.faults?.add({ api: 'OffsetCommit', times: 1, when: 'after', drop: true }),
    broker.faults?.add({ api: 'Produce', times: 2, errorCode: NOT_LEADER_OR_FOLLOWER }),
    broker.faults?.add({ api: 'Produce', times: 1, when: 'after', drop: true }),
    broker.faults?.add({ api: 'Fetch', times: 2, errorCode: NOT_LEADER_OR_FOLLOWER }),
  ]
  const result = await runReplay(plan, world.ports())
  expect(result).toMatchObject({ end: 'finished', records: 200 })
  expect(faults.map((fault) => fault?.hits)).toEqual([2, 1, 2, 1, 2])
  const ids = await idsIn(world)
  expect(new Set(ids).size).toBe(200)
  expect(ids.length).toBeGreaterThan(200)
})

test('a target that refuses for good ends the run with its error, and the resume completes it', async () => {
  await using world = await BrokerWorld.open(broker.brokers)
  await world.seed(100)
  const plan = await world.plan()
  broker.faults?.add({ api: 'Produce', errorCode: TOPIC_AUTHORIZATION_FAILED })
  await expect(runReplay(plan, world.ports())).rejects.toMatchObject({ code: 'TOWLINE_PUBLISH_FAILED' })
  expect(await replayStatus(plan, world)).toMatchObject({ state: 'started', records: 0 })
  broker.faults?.clear()
  expect(await resumeReplay(plan, world.ports())).toMatchObject({ end: 'finished', records: 100 })
  expect((await idsIn(world)).length).toBe(100)
})

test('a record above what the target takes is named', async () => {
  await using world = await BrokerWorld.open(broker.brokers)
  const small = `${world.namespace}.small`
  const configs = { 'max.message.bytes': '5000' }
  await world.admin.createTopics([{ topic: small, partitions: 1, replicationFactor: 1, configs }])
  const record = (value: string) => ({ key: Buffer.from('k'), value: Buffer.from(value), headers: {} })
  await world.sender.send({ topic: world.names.tasks }, record('fits'))
  const large = await world.sender.send({ topic: world.names.tasks }, record('x'.repeat(9_000)))
  const plan = await world.plan({ toTopic: small })
  expect((await dryRunReplay(plan, world)).records).toBe(2)
  await expect(runReplay(plan, world.ports())).rejects.toMatchObject({
    code: 'TOWLINE_PAYLOAD_TOO_LARGE',
    value: `${world.names.tasks}/${large.partition}/${large.offset}`,
  })
  await world.admin.deleteTopics([small])
})
