import { ConfigResourceTypes } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { type DevBroker, KAFKA_ERRORS, startBroker } from '../src/index.ts'
import { TOPIC_CONFIGS } from '../src/topics/topic-configs.ts'
import { connectAdmin, connectProducer, kafkaAt } from './kafkajs-client.ts'
import { RawClient } from './raw-client.ts'

interface TopicErrors {
  readonly topicErrors: readonly { readonly topic: string; readonly errorCode: number; readonly errorMessage: string }[]
}

async function createOnce(broker: DevBroker, ...topics: readonly object[]) {
  await using raw = new RawClient(broker.address)
  const answer = await raw.request<TopicErrors>('CreateTopics', 3, { topics })
  return answer?.topicErrors.map(({ errorCode }) => errorCode) // kafkajs sorts them by topic
}

const config = (name: string, value: string | null): object => ({ topic: 'fine', configEntries: [{ name, value }] })

describe('creating a topic', () => {
  test.each([
    ['a name with a space', { topic: 'a b' }, KAFKA_ERRORS.INVALID_TOPIC_EXCEPTION],
    ['the name ..', { topic: '..' }, KAFKA_ERRORS.INVALID_TOPIC_EXCEPTION],
    ['no name', { topic: '' }, KAFKA_ERRORS.INVALID_TOPIC_EXCEPTION],
    ['a name of 250 characters', { topic: 'x'.repeat(250) }, KAFKA_ERRORS.INVALID_TOPIC_EXCEPTION],
    ['a name that is there', { topic: 'there.is' }, KAFKA_ERRORS.TOPIC_ALREADY_EXISTS],
    ['a name that collides', { topic: 'there_is' }, KAFKA_ERRORS.INVALID_TOPIC_EXCEPTION],
    ['0 partitions', { topic: 'fine', numPartitions: 0 }, KAFKA_ERRORS.INVALID_PARTITIONS],
    ['−2 partitions', { topic: 'fine', numPartitions: -2 }, KAFKA_ERRORS.INVALID_PARTITIONS],
    ['10,001 partitions', { topic: 'fine', numPartitions: 10_001 }, KAFKA_ERRORS.POLICY_VIOLATION],
    ['2 replicas', { topic: 'fine', replicationFactor: 2 }, KAFKA_ERRORS.INVALID_REPLICATION_FACTOR],
    [
      'a manual assignment',
      { topic: 'fine', replicaAssignment: [{ partition: 0, replicas: [1] }] },
      KAFKA_ERRORS.INVALID_REPLICA_ASSIGNMENT,
    ],
    ['an unknown setting', config('retention.years', '1'), KAFKA_ERRORS.INVALID_CONFIG],
    ['a name of Object’s prototype as a setting', config('constructor', '1'), KAFKA_ERRORS.INVALID_CONFIG],
    ['a text for a number', config('retention.ms', 'long'), KAFKA_ERRORS.INVALID_CONFIG],
    ['an empty number', config('retention.ms', ''), KAFKA_ERRORS.INVALID_CONFIG],
    ['a number below its bound', config('max.message.bytes', '-1'), KAFKA_ERRORS.INVALID_CONFIG],
    ['an unknown choice', config('message.timestamp.type', 'Never'), KAFKA_ERRORS.INVALID_CONFIG],
    ['an unknown choice in a list', config('cleanup.policy', 'compact,burn'), KAFKA_ERRORS.INVALID_CONFIG],
    ['a boolean that is none', config('preallocate', 'yes'), KAFKA_ERRORS.INVALID_CONFIG],
  ])('with %s is refused with Kafka’s own error, and nothing is made', async (_, topic, errorCode) => {
    await using broker = await startBroker({ port: 0 })
    expect(await createOnce(broker, { topic: 'there.is' })).toEqual([0])
    expect(await createOnce(broker, topic)).toEqual([errorCode])
    await using admin = await connectAdmin(kafkaAt(broker.address))
    expect(await admin.client.listTopics()).toEqual(['there.is'])
  })

  test('twice in one request is refused, the others are made', async () => {
    await using broker = await startBroker({ port: 0 })
    const { INVALID_REQUEST } = KAFKA_ERRORS
    expect(await createOnce(broker, { topic: 'a' }, { topic: 'b' }, { topic: 'a' })).toEqual([
      INVALID_REQUEST,
      INVALID_REQUEST,
      0,
    ])
  })

  test('takes what is left out from the broker', async () => {
    await using broker = await startBroker({ port: 0, defaultPartitions: 4, nodeId: 3 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({
      topics: [{ topic: 't', configEntries: [{ name: 'cleanup.policy', value: 'compact, delete' }] }],
    })
    const { topics } = await admin.client.fetchTopicMetadata({ topics: ['t'] })
    expect(topics[0]?.partitions).toHaveLength(4)
    expect(topics[0]?.partitions[3]).toMatchObject({ leader: 3, replicas: [3], isr: [3] })
  })

  test('only to validate makes nothing', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    const topics = [{ topic: 't' }]
    expect(await admin.client.createTopics({ topics, validateOnly: true, waitForLeaders: false })).toBe(true)
    expect(await admin.client.listTopics()).toEqual([])
  })
})

test('a topic is never made by asking for it', async () => {
  await using broker = await startBroker({ port: 0 })
  await using raw = new RawClient(broker.address)
  const ask = { topics: ['nope', 'no pe'], allowAutoTopicCreation: true }
  expect(await raw.request('Metadata', 6, ask)).toMatchObject({
    brokers: [{ nodeId: 1, host: '127.0.0.1', port: broker.port }],
    controllerId: 1,
    topicMetadata: [
      { topicErrorCode: KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION, topic: 'nope' },
      { topicErrorCode: KAFKA_ERRORS.INVALID_TOPIC_EXCEPTION, topic: 'no pe' },
    ],
  })
  expect(await raw.request('Metadata', 6, { topics: [] })).toMatchObject({ topicMetadata: [] })
})

test('partitions are added, never taken away', async () => {
  await using broker = await startBroker({ port: 0 })
  await using admin = await connectAdmin(kafkaAt(broker.address))
  await admin.client.createTopics({ topics: [{ topic: 't', numPartitions: 2 }] })
  await using raw = new RawClient(broker.address)
  const grow = async (topic: string, count: number, assignments: number[][] = []) => {
    const args = { topicPartitions: [{ topic, count, assignments }] }
    return (await raw.request<TopicErrors>('CreatePartitions', 1, args))?.topicErrors[0]?.errorCode
  }
  expect(await grow('t', 2)).toBe(KAFKA_ERRORS.INVALID_PARTITIONS)
  expect(await grow('t', 1)).toBe(KAFKA_ERRORS.INVALID_PARTITIONS)
  expect(await grow('t', 20_000)).toBe(KAFKA_ERRORS.POLICY_VIOLATION)
  expect(await grow('t', 3, [[1]])).toBe(KAFKA_ERRORS.INVALID_REPLICA_ASSIGNMENT)
  expect(await grow('nope', 5)).toBe(KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION)
  expect(await grow('t', 5)).toBe(KAFKA_ERRORS.NONE)
  expect(await admin.client.fetchTopicOffsets('t')).toHaveLength(5)
})

test('deleting what is not there is told', async () => {
  await using broker = await startBroker({ port: 0 })
  await using raw = new RawClient(broker.address)
  expect(await raw.request('DeleteTopics', 1, { topics: ['nope'] })).toMatchObject({
    topicErrors: [{ topic: 'nope', errorCode: KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION }],
  })
  const records = (topic: string, offset: string) => ({ topics: [{ topic, partitions: [{ partition: 0, offset }] }] })
  await createOnce(broker, { topic: 't' })
  expect(await raw.request('DeleteRecords', 1, records('nope', '0'))).toMatchObject({
    topics: [{ partitions: [{ errorCode: KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION }] }],
  })
  expect(await raw.request('DeleteRecords', 1, records('t', '1'))).toMatchObject({
    topics: [{ partitions: [{ errorCode: KAFKA_ERRORS.OFFSET_OUT_OF_RANGE }] }],
  })
})

describe('describing configurations', () => {
  test('lists every topic setting, what was set marked as such', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    const configEntries = [{ name: 'retention.ms', value: '5000' }]
    await admin.client.createTopics({ topics: [{ topic: 't', configEntries }] })
    const { resources } = await admin.client.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: 't' }],
    })
    const entries = new Map(resources[0]?.configEntries.map((entry) => [entry.configName, entry]))
    expect([...entries.keys()].sort()).toEqual(Object.keys(TOPIC_CONFIGS).sort())
    expect(entries.get('retention.ms')).toMatchObject({ configValue: '5000', configSource: 1 })
    expect(entries.get('max.message.bytes')).toMatchObject({ configValue: '1048588', configSource: 5 })
    expect(entries.get('cleanup.policy')).toMatchObject({ configValue: 'delete' })
    expect(entries.get('message.timestamp.type')).toMatchObject({ configValue: 'CreateTime' })
  })

  test('gives only the settings asked for, of the broker too', async () => {
    await using broker = await startBroker({ port: 0 })
    await using raw = new RawClient(broker.address)
    const resources = [
      { type: 4, name: '1', configNames: ['offset.metadata.max.bytes'] },
      { type: 4, name: '2' },
      { type: 2, name: 'nope' },
      { type: 8, name: '1' },
    ]
    expect(await raw.request('DescribeConfigs', 2, { resources })).toMatchObject({
      resources: [
        { errorCode: 0, configEntries: [{ configName: 'offset.metadata.max.bytes', configValue: '4096' }] },
        { errorCode: KAFKA_ERRORS.INVALID_REQUEST },
        { errorCode: KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION },
        { errorCode: KAFKA_ERRORS.INVALID_REQUEST },
      ],
    })
  })

  test('every default is a value the setting accepts', async () => {
    await using broker = await startBroker({ port: 0 })
    const topics = Object.entries(TOPIC_CONFIGS).map(([name, { default: value }], i) => ({
      topic: `t${i}`,
      configEntries: [{ name, value }],
    }))
    expect(await createOnce(broker, ...topics)).toEqual(topics.map(() => 0))
  })
})

test('offsets are found by time, and −1 where every record is older', async () => {
  await using broker = await startBroker({ port: 0 })
  const kafka = kafkaAt(broker.address)
  await using admin = await connectAdmin(kafka)
  await admin.client.createTopics({ topics: [{ topic: 't' }] })
  await using producer = await connectProducer(kafka)
  const timestamps = ['1000', '2000', '3000']
  await producer.client.send({ topic: 't', messages: timestamps.map((timestamp) => ({ value: 'v', timestamp })) })
  await using raw = new RawClient(broker.address)
  const at = (timestamp: number) =>
    raw.request('ListOffsets', 3, {
      replicaId: -1,
      topics: [{ topic: 't', partitions: [{ partition: 0, timestamp }] }],
    })
  const found = (offset: string, timestamp: string) => ({
    responses: [{ partitions: [{ errorCode: 0, offset, timestamp }] }],
  })
  expect(await at(1_500)).toMatchObject(found('1', '2000'))
  expect(await at(3_001)).toMatchObject(found('-1', '-1'))
  expect(await at(-1)).toMatchObject(found('3', '-1'))
  expect(await at(-2)).toMatchObject(found('0', '-1'))
})
