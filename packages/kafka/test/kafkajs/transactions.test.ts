import { connectKafka } from '@towline/kafka/kafkajs'
import { testBrokers } from '@towline/test-brokers'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { ObservedConsumer, range, uniqueName, until } from '../contract/bench.ts'

/** Towline writes no transactions, but any Kafka client may publish. */
describe.each(testBrokers())('on $name', ({ start }) => {
  test('aborted records are not delivered, and markers do not stop a consumer or a reader', async ({ skip }) => {
    await using broker = await start()
    if (broker.kind === 'dev-broker') return skip('the dev broker has no transactions')
    const kafka = connectKafka({ brokers: broker.brokers, clientId: 'transactions' })
    const [admin, reader] = await Promise.all([kafka.admin(), kafka.reader()])
    const topic = uniqueName('transactions')
    await admin.createTopics([{ topic, partitions: 1, replicationFactor: 1, configs: {} }])

    const client = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING })
    const producer = client.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true })
    await producer.connect()
    for (const [end, value] of [
      ['commit', 'kept'],
      ['abort', 'aborted'],
      ['commit', 'kept too'],
      ['abort', 'aborted'],
    ] as const) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: range(0, 3).map(() => ({ value })) })
      await transaction[end]()
    }
    await producer.disconnect()

    const expected = [0, 1, 2, 8, 9, 10]
    const consumer = new ObservedConsumer(kafka.consumer({ topic, groupId: uniqueName('group') }))
    let reached = 0
    consumer.verdict = (_, __, next) => {
      reached = next
      return { kind: 'taken' }
    }
    await consumer.start()
    await until('the last marker', () => reached === 16)
    expect(consumer.offsets(0)).toEqual(expected)
    await consumer.port.stop()

    const read: number[] = []
    for await (const { records } of reader.read({ tp: { topic, partition: 0 }, from: 0, to: 16 })) {
      read.push(...records.map(({ offset }) => offset))
    }
    expect(read).toEqual(expected)
    await admin.deleteTopics([topic])
    await Promise.all([admin.close(), reader.close()])
  })
})
