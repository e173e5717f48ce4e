// What a team writes when one record after the other is too slow: a batch at a time, a hundred of its records at once,
// by key in chains of promises. The slowest record of a batch holds up the next batch.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ordering } from '@towline/contracts'
import type { EachBatchPayload, KafkaMessage } from 'kafkajs'
import type { PlainJob } from '../ground/seeded-ground.ts'
import { KeyOrder } from '../measure/key-order.ts'
import { type Measured, Stopwatch } from '../measure/stopwatch.ts'
import { serveRounds } from '../process/serve-rounds.ts'
import { readTask } from './plain-avro.ts'
import { plainKafka, plainProducer } from './plain-kafkajs.ts'
import { plainResultOf } from './plain-result.ts'

export interface PlainKeyedJob extends PlainJob {
  readonly inFlight: number
  readonly ordering: Ordering
}

export interface KeyedResult extends Measured {
  readonly keyOrderBroken: number
}

const SEND_RECORDS = 500

serveRounds(run)

async function run(job: PlainKeyedJob): Promise<KeyedResult> {
  const kafka = plainKafka(job.brokers)
  const producer = await plainProducer(kafka)
  const consumer = kafka.consumer({ groupId: job.groupId })
  const stopwatch = new Stopwatch()
  const order = new KeyOrder()
  const done = Promise.withResolvers<KeyedResult>()
  let written = 0

  const work = async (message: KafkaMessage): Promise<void> => {
    const { n, workMs } = readTask(message.value as Buffer)
    stopwatch.start()
    order.started(String(message.key), n)
    if (workMs > 0) await sleep(workMs)
    order.ended(String(message.key))
  }
  const eachBatch = async ({ batch, heartbeat }: EachBatchPayload): Promise<void> => {
    const queues = queuesOf(batch.messages, job.ordering)
    const runNext = async (): Promise<void> => {
      for (let queue = queues.shift(); queue !== undefined; queue = queues.shift()) {
        for (const message of queue) {
          await work(message)
          await heartbeat()
        }
      }
    }
    await Promise.all(Array.from({ length: job.inFlight }, runNext))
    for (let from = 0; from < batch.messages.length; from += SEND_RECORDS) {
      const messages = batch.messages
        .slice(from, from + SEND_RECORDS)
        .map((message) => plainResultOf(message, batch.partition, job))
      await producer.send({ topic: job.resultsTopic, acks: -1, messages })
    }
    written += batch.messages.length
    if (written >= job.records) done.resolve({ ...stopwatch.stop(), keyOrderBroken: order.broken })
    const offset = String(Number(batch.lastOffset()) + 1)
    await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset }])
  }

  await consumer.connect()
  await consumer.subscribe({ topics: [job.tasksTopic], fromBeginning: true })
  await consumer.run({ autoCommit: false, eachBatch })
  const result = await done.promise
  await consumer.disconnect()
  await producer.disconnect()
  return result
}

/** Messages of one queue run one after the other. */
function queuesOf(messages: KafkaMessage[], ordering: Ordering): KafkaMessage[][] {
  switch (ordering) {
    case 'partition':
      return [messages]
    case 'key':
      return [...Map.groupBy(messages, ({ key }) => String(key)).values()]
    case 'none':
      return messages.map((message) => [message])
  }
}
