import { CompressionTypes } from 'kafkajs'
import { describe, expect, test, vi } from 'vitest'
import type { ApiCall } from '../src/apis/api.ts'
import { produce } from '../src/apis/produce.ts'
import { Cluster } from '../src/cluster/cluster.ts'
import { KAFKA_ERRORS, startBroker } from '../src/index.ts'
import { TopicCatalog } from '../src/topics/topic-catalog.ts'
import { batch } from './batches.ts'
import { connectAdmin, connectProducer, kafkaAt, runConsumer } from './kafkajs-client.ts'
import { kafkajsProtocol } from './kafkajs-protocol.ts'
import { RawClient } from './raw-client.ts'

const values = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ({ value: `v${from + i}` }))

interface FetchAnswer {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly errorCode: number
      readonly highWatermark: string
      readonly messages: readonly { readonly offset: string }[]
    }[]
  }[]
}

const fetchArgs = (topic: string, fetchOffset: number, more: object = {}): object => ({
  replicaId: -1,
  maxWaitTime: 20_000,
  minBytes: 1,
  maxBytes: 10_000_000,
  topics: [{ topic, partitions: [{ partition: 0, fetchOffset, maxBytes: 1_000_000 }] }],
  ...more,
})

async function fetchOnce(raw: RawClient, topic: string, offset: number, more: object = {}) {
  const answer = await raw.request<FetchAnswer>('Fetch', 11, fetchArgs(topic, offset, more))
  const partition = answer?.responses[0]?.partitions[0]
  if (partition === undefined) throw new Error('no partition in the answer')
  return partition
}

const produceArgs = (topic: string, bytes: number, acks = -1, partition = 0): object => ({
  acks,
  timeout: 1_000,
  topicData: [{ topic, partitions: [{ partition, messages: [{ value: Buffer.alloc(bytes) }] }] }],
})

interface ProduceAnswer {
  readonly topics: readonly {
    readonly partitions: readonly {
      readonly errorCode: number
      readonly baseOffset: string
      readonly logAppendTime: string
    }[]
  }[]
}

async function produceOnce(raw: RawClient, topic: string, bytes: number) {
  const answer = await raw.request<ProduceAnswer>('Produce', 7, produceArgs(topic, bytes))
  return answer?.topics[0]?.partitions[0]
}

test('what kafkajs sends, kafkajs gets: every record, in order within its partition', async () => {
  await using broker = await startBroker({ port: 0 })
  const kafka = kafkaAt(broker.address)
  await using admin = await connectAdmin(kafka)
  await admin.client.createTopics({ topics: [{ topic: 't', numPartitions: 3 }] })
  await using producer = await connectProducer(kafka)
  const sent = Array.from({ length: 300 }, (_, i) => ({ key: `k${i % 17}`, value: `v${i}`, headers: { i: `${i}` } }))
  for (let i = 0; i < sent.length; i += 50)
    await producer.client.send({
      topic: 't',
      messages: sent.slice(i, i + 50),
      compression: i % 100 === 0 ? CompressionTypes.GZIP : CompressionTypes.None,
    })
  await using consumer = await runConsumer(kafka, 'g', ['t'])
  await vi.waitFor(() => expect(consumer.received).toHaveLength(300), { timeout: 10_000 })
  expect(consumer.received.map(({ value }) => value).sort()).toEqual(sent.map(({ value }) => value).sort())
  for (const partition of [0, 1, 2]) {
    const offsets = consumer.received.filter((record) => record.partition === partition).map(({ offset }) => offset)
    expect(offsets).toEqual(offsets.map((_, i) => i))
  }
})

test('a topic deleted and made again starts at offset 0, without its records', async () => {
  await using broker = await startBroker({ port: 0 })
  const kafka = kafkaAt(broker.address)
  await using admin = await connectAdmin(kafka)
  await using producer = await connectProducer(kafka)
  for (const round of ['old', 'new']) {
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    const [result] = await producer.client.send({ topic: 't', messages: [{ value: round }] })
    expect(result?.baseOffset).toBe('0')
    if (round === 'old') await admin.client.deleteTopics({ topics: ['t'] })
  }
  await using consumer = await runConsumer(kafka, 'g', ['t'])
  await vi.waitFor(() => expect(consumer.received).toHaveLength(1))
  expect(consumer.received[0]).toMatchObject({ offset: 0, value: 'new' })
})

test('with LogAppendTime the broker’s clock is what producer and consumer are told', async () => {
  let nowMs = 1_700_000_000_000
  await using broker = await startBroker({ port: 0, now: () => nowMs })
  const kafka = kafkaAt(broker.address)
  await using admin = await connectAdmin(kafka)
  const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
  await admin.client.createTopics({ topics: [{ topic: 't', configEntries }] })
  await using producer = await connectProducer(kafka)
  const [result] = await producer.client.send({
    topic: 't',
    messages: [{ value: 'a', timestamp: '5' }, { value: 'b' }],
  })
  expect(result?.logAppendTime).toBe('1700000000000')
  nowMs += 1_000
  await producer.client.send({ topic: 't', messages: [{ value: 'c' }] })
  await using consumer = await runConsumer(kafka, 'g', ['t'])
  await vi.waitFor(() => expect(consumer.received).toHaveLength(3))
  expect(consumer.received.map(({ timestampMs }) => timestampMs - 1_700_000_000_000)).toEqual([0, 0, 1_000])
  expect(await admin.client.fetchTopicOffsetsByTimestamp('t', 1_700_000_000_001)).toEqual([
    { partition: 0, offset: '2' },
  ])
})

describe('a consumer', () => {
  test('that pauses gets nothing until it resumes, and one that seeks reads from there', async () => {
    await using broker = await startBroker({ port: 0 })
    const kafka = kafkaAt(broker.address)
    await using admin = await connectAdmin(kafka)
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using producer = await connectProducer(kafka)
    await producer.client.send({ topic: 't', messages: values(0, 5) })
    await using consumer = await runConsumer(kafka, 'g', ['t'])
    await vi.waitFor(() => expect(consumer.received).toHaveLength(5))
    consumer.client.pause([{ topic: 't' }])
    await producer.client.send({ topic: 't', messages: values(5, 6) })
    using fetches = broker.faults.add({ api: 'Fetch' })
    using heartbeats = broker.faults.add({ api: 'Heartbeat' })
    await vi.waitFor(() => expect(heartbeats.hits).toBeGreaterThan(2))
    expect(consumer.received).toHaveLength(5)
    consumer.client.seek({ topic: 't', partition: 0, offset: '3' })
    consumer.client.resume([{ topic: 't' }])
    await vi.waitFor(() => expect(consumer.received.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 3, 4, 5]))
    expect(fetches.hits).toBeGreaterThan(0)
  })

  test('that is out of range starts over where the log now starts', async () => {
    await using broker = await startBroker({ port: 0 })
    const kafka = kafkaAt(broker.address)
    await using admin = await connectAdmin(kafka)
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using producer = await connectProducer(kafka)
    for (let i = 0; i < 6; i++) await producer.client.send({ topic: 't', messages: values(i, i + 1) })
    await using raw = new RawClient(broker.address)
    const topics = [{ topic: 't', partitions: [{ partition: 0, offset: '1' }] }]
    await raw.request('OffsetCommit', 5, { groupId: 'g', groupGenerationId: -1, memberId: '', topics })
    await raw.request('DeleteRecords', 1, { topics: [{ topic: 't', partitions: [{ partition: 0, offset: '4' }] }] })
    await using consumer = await runConsumer(kafka, 'g', ['t'])
    await vi.waitFor(() => expect(consumer.received.map(({ offset }) => offset)).toEqual([4, 5]))
  })
})

describe('a fetch', () => {
  test('waits for a record and answers as soon as it is there', async () => {
    await using broker = await startBroker({ port: 0 })
    const kafka = kafkaAt(broker.address)
    await using admin = await connectAdmin(kafka)
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using reader = new RawClient(broker.address)
    await using writer = new RawClient(broker.address)
    using fetches = broker.faults.add({ api: 'Fetch' })
    const startedAtMs = performance.now()
    const fetching = fetchOnce(reader, 't', 0)
    await vi.waitFor(() => expect(fetches.hits).toBe(1))
    expect(await produceOnce(writer, 't', 10)).toMatchObject({ errorCode: 0, baseOffset: '0' })
    expect((await fetching).messages).toHaveLength(1)
    expect(performance.now() - startedAtMs, 'far before maxWait').toBeLessThan(5_000)
  })

  test('answers empty when its wait is over, not before', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using reader = new RawClient(broker.address)
    const startedAtMs = performance.now()
    expect((await fetchOnce(reader, 't', 0, { maxWaitTime: 80 })).messages).toEqual([])
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(79)
  })

  test.each([
    ['out of range', 't', 1, KAFKA_ERRORS.OFFSET_OUT_OF_RANGE],
    ['of a topic that is not there', 'nope', 0, KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION],
  ])('%s is told at once, whatever its wait', async (_, topic, offset, errorCode) => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using reader = new RawClient(broker.address)
    const startedAtMs = performance.now()
    expect((await fetchOnce(reader, topic, offset)).errorCode).toBe(errorCode)
    expect(performance.now() - startedAtMs).toBeLessThan(5_000)
  })

  test('that waits is told when its topic is deleted', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using reader = new RawClient(broker.address)
    using fetches = broker.faults.add({ api: 'Fetch' })
    const fetching = fetchOnce(reader, 't', 0)
    await vi.waitFor(() => expect(fetches.hits).toBe(1))
    await admin.client.deleteTopics({ topics: ['t'] })
    expect((await fetching).errorCode).toBe(KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION)
  })

  test('gives a first batch larger than all its limits, and no second one', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using raw = new RawClient(broker.address)
    for (let i = 0; i < 2; i++) await produceOnce(raw, 't', 5_000)
    await admin.client.createPartitions({ topicPartitions: [{ topic: 't', count: 2 }] })
    await raw.request('Produce', 7, produceArgs('t', 5_000, -1, 1))
    const at = (partition: number): object => ({ partition, fetchOffset: 0, maxBytes: 100 })
    const topics = [{ topic: 't', partitions: [at(0), at(1)] }]
    const answer = await raw.request<FetchAnswer>('Fetch', 11, fetchArgs('t', 0, { maxBytes: 100, topics }))
    expect(answer?.responses[0]?.partitions.map(({ messages }) => messages.length)).toEqual([1, 0])
  })
})

describe('a produce', () => {
  test('of a batch over max.message.bytes is refused, one just under it is not', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    const configEntries = [{ name: 'max.message.bytes', value: '1000' }]
    await admin.client.createTopics({ topics: [{ topic: 'small', configEntries }, { topic: 'standard' }] })
    await using raw = new RawClient(broker.address)
    expect(await produceOnce(raw, 'small', 900)).toMatchObject({ errorCode: 0 })
    expect(await produceOnce(raw, 'small', 1_000)).toMatchObject({ errorCode: KAFKA_ERRORS.MESSAGE_TOO_LARGE })
    expect(await produceOnce(raw, 'standard', 1_048_000)).toMatchObject({ errorCode: 0 })
    expect(await produceOnce(raw, 'standard', 1_048_588)).toMatchObject({ errorCode: KAFKA_ERRORS.MESSAGE_TOO_LARGE })
  })

  test('beyond the memory it may use is refused, until something is deleted', async () => {
    await using broker = await startBroker({ port: 0, maxLogBytes: 4_000 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using raw = new RawClient(broker.address)
    expect(await produceOnce(raw, 't', 4_000)).toMatchObject({ errorCode: 0 })
    expect(await produceOnce(raw, 't', 10)).toMatchObject({ errorCode: KAFKA_ERRORS.KAFKA_STORAGE_ERROR })
    await raw.request('DeleteRecords', 1, { topics: [{ topic: 't', partitions: [{ partition: 0, offset: '-1' }] }] })
    expect(await produceOnce(raw, 't', 10)).toMatchObject({ errorCode: 0, baseOffset: '1' })
  })

  test('with acks 0 is never answered, and an error of it closes the connection', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using raw = new RawClient(broker.address)
    const silent = async (topic: string): Promise<void> => {
      const { request } = kafkajsProtocol('Produce', 7, produceArgs(topic, 10, 0))
      raw.sendRequest(request.apiKey, request.apiVersion, (await request.encode()).buffer)
    }
    await silent('t')
    expect(await produceOnce(raw, 't', 10), 'the next answer is to the next request').toMatchObject({ baseOffset: '1' })
    await silent('nope')
    await raw.closed
  })

  test('to a topic or partition that is not there is refused', async () => {
    await using broker = await startBroker({ port: 0 })
    await using admin = await connectAdmin(kafkaAt(broker.address))
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using raw = new RawClient(broker.address)
    const errorCode = KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION
    expect(await produceOnce(raw, 'nope', 10)).toMatchObject({ errorCode })
    const answer = await raw.request<ProduceAnswer>('Produce', 7, produceArgs('t', 10, -1, 1))
    expect(answer?.topics[0]?.partitions[0]?.errorCode).toBe(errorCode)
  })

  test('with acks that Kafka does not know is refused', async () => {
    await using broker = await startBroker({ port: 0 })
    await using raw = new RawClient(broker.address)
    const answer = await raw.request<ProduceAnswer>('Produce', 7, produceArgs('t', 10, 2))
    expect(answer?.topics[0]?.partitions[0]?.errorCode).toBe(KAFKA_ERRORS.INVALID_REQUIRED_ACKS)
  })

  test('of little keeps no more alive than itself', () => {
    const topics = new TopicCatalog()
    topics.create({ name: 't', partitionCount: 1 })
    const log = topics.partition('t', 0)
    const socketBuffer = Buffer.alloc(65_536)
    const records = socketBuffer.subarray(100, 100 + batch({ timestampsMs: [1] }).copy(socketBuffer, 100))
    const request = {
      transactionalId: null,
      acks: -1,
      timeoutMs: 0,
      topics: [{ name: 't', partitions: [{ index: 0, records }] }],
    }
    const node = { id: 1, host: '127.0.0.1', port: 1, isUp: true }
    const broker = { cluster: new Cluster('c', [node]), topics, maxLogBytes: 1_000_000, now: () => 1 }
    produce.handle(request, { node, broker } as unknown as ApiCall)
    expect(log?.read(0, 1_000_000, true)[0]?.buffer).not.toBe(socketBuffer.buffer)
  })

  test('is kept whole though the connection’s buffers are used again', async () => {
    await using broker = await startBroker({ port: 0 })
    const kafka = kafkaAt(broker.address)
    await using admin = await connectAdmin(kafka)
    await admin.client.createTopics({ topics: [{ topic: 't' }] })
    await using producer = await connectProducer(kafka)
    const sizes = [1, 500, 3_000, 40_000, 200_000, 7]
    for (const [i, size] of sizes.entries())
      await producer.client.send({ topic: 't', messages: [{ value: String(i).repeat(size) }] })
    await using consumer = await runConsumer(kafka, 'g', ['t'])
    await vi.waitFor(() => expect(consumer.received).toHaveLength(sizes.length))
    expect(consumer.received.map(({ value }) => value)).toEqual(sizes.map((size, i) => String(i).repeat(size)))
  })
})

test('retention moves the start of the log', async () => {
  let nowMs = Date.now()
  await using broker = await startBroker({ port: 0, now: () => nowMs, retentionCheckIntervalMs: 20 })
  const kafka = kafkaAt(broker.address)
  await using admin = await connectAdmin(kafka)
  const configEntries = [{ name: 'retention.ms', value: '60000' }]
  const compacted = [...configEntries, { name: 'cleanup.policy', value: 'compact' }]
  await admin.client.createTopics({
    topics: [
      { topic: 'deletes', configEntries },
      { topic: 'compacts', configEntries: compacted },
    ],
  })
  await using producer = await connectProducer(kafka)
  for (const topic of ['deletes', 'compacts']) await producer.client.send({ topic, messages: values(0, 3) })
  nowMs += 70_000
  await vi.waitFor(async () => {
    expect(await admin.client.fetchTopicOffsets('deletes')).toMatchObject([{ low: '3', high: '3' }])
  })
  expect(await admin.client.fetchTopicOffsets('compacts')).toMatchObject([{ low: '0', high: '3' }])
})
