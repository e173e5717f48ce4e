// The loop a team writes first: decode, work, write the results of the batch, commit. No task is retried, no key waits
// for its predecessor, nothing tells a repeat.
import type { EachBatchPayload } from 'kafkajs'
import type { PlainJob } from '../ground/seeded-ground.ts'
import { type Measured, Stopwatch } from '../measure/stopwatch.ts'
import { serveRounds } from '../process/serve-rounds.ts'
import { plainKafka, plainProducer } from './plain-kafkajs.ts'
import { plainResultOf } from './plain-result.ts'

/** kafkajs copies the whole array for every message it groups by partition: larger sends take longer per message. */
const SEND_RECORDS = 500
const PARTITIONS_AT_ONCE = 12

serveRounds(drain)

async function drain(job: PlainJob): Promise<Measured> {
  const { brokers, tasksTopic, resultsTopic, groupId, records } = job
  const kafka = plainKafka(brokers)
  const producer = await plainProducer(kafka)
  const consumer = kafka.consumer({ groupId })
  const stopwatch = new Stopwatch()
  const drained = Promise.withResolvers<Measured>()
  let written = 0

  const eachBatch = async ({ batch, resolveOffset, heartbeat }: EachBatchPayload): Promise<void> => {
    for (let from = 0; from < batch.messages.length; from += SEND_RECORDS) {
      const messages = batch.messages.slice(from, from + SEND_RECORDS)
      await producer.send({
        topic: resultsTopic,
        acks: -1,
        messages: messages.map((message) => plainResultOf(message, batch.partition, job)),
      })
      resolveOffset(messages.at(-1)?.offset ?? '')
      await heartbeat()
      written += messages.length
    }
    if (written >= records) drained.resolve(stopwatch.stop())
    const offset = String(Number(batch.lastOffset()) + 1)
    await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset }])
  }

  consumer.on('consumer.group_join', () => stopwatch.start())
  await consumer.connect()
  await consumer.subscribe({ topics: [tasksTopic], fromBeginning: true })
  await consumer.run({ autoCommit: false, partitionsConsumedConcurrently: PARTITIONS_AT_ONCE, eachBatch })
  const measured = await drained.promise
  await consumer.disconnect()
  await producer.disconnect()
  return measured
}
