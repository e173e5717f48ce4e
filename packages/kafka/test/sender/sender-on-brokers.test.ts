import { KAFKA_ERRORS, type RunningBroker, testBrokers, uniqueNamespace } from '@towline/test-brokers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type AdminPort,
  createRecordSender,
  type ProducerPort,
  type ReaderPort,
  type RecordSender,
  type RecordSenderOptions,
  type SendReceipt,
  systemClock,
} from '../../src/index.ts'
import { connectKafka } from '../../src/kafkajs/index.ts'
import { textRecord } from './scripted-producer.ts'

const PARTITIONS = 3

describe.each(testBrokers())('the record sender on $name', ({ start }) => {
  let broker: RunningBroker
  let admin: AdminPort
  let reader: ReaderPort
  let producer: ProducerPort
  let topic: string

  beforeAll(async () => {
    broker = await start()
    const driver = connectKafka({ brokers: broker.brokers, clientId: 'sender-test' })
    ;[admin, reader, producer] = await Promise.all([driver.admin(), driver.reader(), driver.producer()])
  })
  afterAll(async () => {
    await Promise.all([admin.close(), reader.close(), producer.close()])
    await broker.stop()
  })
  beforeEach(async () => {
    topic = `${uniqueNamespace()}.sender`
    const configs = { 'max.message.bytes': '100000' }
    await admin.createTopics([{ topic, partitions: PARTITIONS, replicationFactor: 1, configs }])
  })
  afterEach(async () => {
    broker.faults?.clear()
    await admin.deleteTopics([topic])
  })

  const newSender = (options: Partial<RecordSenderOptions> = {}): RecordSender =>
    createRecordSender(producer, { clock: systemClock, ...options })

  /** The texts in each partition, in the order of the log. */
  async function log(): Promise<readonly (readonly string[])[]> {
    const partitions: string[][] = []
    for (const { partition, low, high } of await admin.offsets(topic)) {
      const texts: string[] = []
      for await (const { records } of reader.read({ tp: { topic, partition }, from: low, to: high })) {
        texts.push(...records.map(({ value }) => value?.toString() ?? ''))
      }
      partitions[partition] = texts
    }
    return partitions
  }

  async function sendMany(sender: RecordSender, count: number): Promise<SendReceipt[]> {
    return await Promise.all(
      Array.from({ length: count }, (_, n) => sender.send({ topic, partition: n % PARTITIONS }, textRecord(`${n}`))),
    )
  }

  const sentTo = (partition: number, count: number): readonly string[] =>
    Array.from({ length: count }, (_, n) => n)
      .filter((n) => n % PARTITIONS === partition)
      .map(String)

  test('every record is in the log once, in order, at the offset its receipt says', async () => {
    const receipts = await sendMany(newSender(), 3_000)
    const partitions = await log()
    for (const partition of [0, 1, 2]) expect(partitions[partition]).toEqual(sentTo(partition, 3_000))
    for (const [n, { partition, offset }] of receipts.entries()) expect(partitions[partition]?.[offset]).toBe(`${n}`)
  })

  test('a record larger than the topic takes is refused alone; its neighbours are written', async () => {
    const sender = newSender()
    const texts = ['a', 'b', 'x'.repeat(150_000), 'c', 'd']
    const sends = texts.map((text) => sender.send({ topic, partition: 0 }, textRecord(text)))
    const results = await Promise.allSettled(sends)
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
    expect(results[2]).toMatchObject({ reason: { code: 'TOWLINE_PAYLOAD_TOO_LARGE' } })
    expect((await log())[0]).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a topic that does not exist is told as missing', async () => {
    await expect(newSender().send({ topic: `${topic}.not` }, textRecord('a'))).rejects.toMatchObject({
      code: 'TOWLINE_TOPIC_MISSING',
    })
  })

  test('a partition that was added after the topic was first used can be named at once', async () => {
    const sender = newSender()
    await sender.send({ topic }, textRecord('a'))
    await expect(sender.send({ topic, partition: PARTITIONS }, textRecord('b'))).rejects.toMatchObject({
      code: 'TOWLINE_OPTION_INVALID',
    })
    await admin.addPartitions(topic, PARTITIONS + 1)
    expect(await sender.send({ topic, partition: PARTITIONS }, textRecord('b'))).toEqual({
      partition: PARTITIONS,
      offset: 0,
    })
  })
})

// Only the dev broker misbehaves on demand.
describe('the record sender on a broker that misbehaves', () => {
  let broker: RunningBroker
  let admin: AdminPort
  let reader: ReaderPort
  let producer: ProducerPort
  let topic: string

  beforeAll(async () => {
    const started = await testBrokers({})[0]?.start()
    if (started === undefined) throw new Error('there is always a dev broker')
    broker = started
    const driver = connectKafka({ brokers: broker.brokers, clientId: 'sender-test' })
    ;[admin, reader, producer] = await Promise.all([driver.admin(), driver.reader(), driver.producer()])
  })
  afterAll(async () => {
    await Promise.all([admin.close(), reader.close(), producer.close()])
    await broker.stop()
  })
  beforeEach(async () => {
    topic = `${uniqueNamespace()}.sender`
    await admin.createTopics([{ topic, partitions: PARTITIONS, replicationFactor: 1, configs: {} }])
  })
  afterEach(() => broker.faults?.clear())

  async function textsOf(partition: number): Promise<readonly string[]> {
    const texts: string[] = []
    const { low = 0, high = 0 } = (await admin.offsets(topic)).find((offsets) => offsets.partition === partition) ?? {}
    for await (const { records } of reader.read({ tp: { topic, partition }, from: low, to: high })) {
      texts.push(...records.map(({ value }) => value?.toString() ?? ''))
    }
    return texts
  }

  /** Sends in bursts, so that a fault meets some records in a request and some behind it. */
  async function sendInBursts(sender: RecordSender): Promise<readonly SendReceipt[]> {
    const sends: Promise<SendReceipt>[] = []
    for (let n = 0; n < 300; n += 1) {
      sends.push(sender.send({ topic, partition: 0 }, textRecord(`${n}`)))
      if (n % 30 === 29) await new Promise((resolve) => setImmediate(resolve))
    }
    return await Promise.all(sends)
  }

  const wanted = Array.from({ length: 300 }, (_, n) => `${n}`)

  test.each([
    ['refuses as not the leader', { errorCode: KAFKA_ERRORS.NOT_LEADER_OR_FOLLOWER }],
    ['has too few replicas in sync', { errorCode: KAFKA_ERRORS.NOT_ENOUGH_REPLICAS }],
    ['cuts the connection before it writes', { drop: true }],
  ] as const)('when it %s, the records are written once, in order, by a retry', async (_, effect) => {
    using fault = broker.faults?.add({ api: 'Produce', times: 3, ...effect })
    const sender = createRecordSender(producer, { clock: systemClock, retryBackoffMs: 5 })
    const receipts = await sendInBursts(sender)
    expect(fault?.hits).toBe(3)
    expect(await textsOf(0)).toEqual(wanted)
    expect(receipts.map(({ offset }) => offset)).toEqual(wanted.map(Number))
  })

  test('when the acknowledgement is lost, a batch may be written twice, but nothing is lost or out of order', async () => {
    using fault = broker.faults?.add({ api: 'Produce', times: 3, when: 'after', drop: true })
    const sender = createRecordSender(producer, { clock: systemClock, retryBackoffMs: 5 })
    const receipts = await sendInBursts(sender)
    const texts = await textsOf(0)
    expect(fault?.hits).toBe(3)
    expect(texts.length).toBeGreaterThan(300)
    expect([...new Set(texts)]).toEqual(wanted)
    for (const [n, { offset }] of receipts.entries()) expect(texts[offset]).toBe(`${n}`)
    expect(receipts.map(({ offset }) => offset)).toEqual(receipts.map(({ offset }) => offset).toSorted((a, b) => a - b))
  })

  test('a slow answer lets the next batch grow, and costs no order', async () => {
    using _ = broker.faults?.add({ api: 'Produce', times: 2, delayMs: 50 })
    const sender = createRecordSender(producer, { clock: systemClock })
    await sendInBursts(sender)
    expect(await textsOf(0)).toEqual(wanted)
  })

  test('a broker that never accepts costs the delivery timeout, not for ever, and says why', async () => {
    using _ = broker.faults?.add({ api: 'Produce', errorCode: KAFKA_ERRORS.NOT_ENOUGH_REPLICAS })
    const sender = createRecordSender(producer, { clock: systemClock, deliveryTimeoutMs: 300, retryBackoffMs: 20 })
    await expect(sender.send({ topic, partition: 0 }, textRecord('a'))).rejects.toMatchObject({
      code: 'TOWLINE_PUBLISH_FAILED',
      retriable: true,
      message: expect.stringContaining('NOT_ENOUGH_REPLICAS'),
    })
    expect(sender.bufferedBytes).toBe(0)
  })

  test('what is dropped by its guard after a lost acknowledgement is not written again', async () => {
    using fault = broker.faults?.add({ api: 'Produce', times: 1, when: 'after', drop: true })
    const sender = createRecordSender(producer, { clock: systemClock, retryBackoffMs: 20 })
    let asked = 0
    const guard = (): 'send' | 'drop' => (asked++ === 0 ? 'send' : 'drop')
    await expect(sender.send({ topic, partition: 0 }, textRecord('a'), guard)).rejects.toThrow('dropped by its guard')
    expect([fault?.hits, asked]).toEqual([1, 2])
    expect(await textsOf(0)).toEqual(['a'])
  })
})
