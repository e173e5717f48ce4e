// The loop a team writes first: encode 500, send them, wait for the acknowledgement.
import { randomUUID } from 'node:crypto'
import type { Message } from 'kafkajs'
import { benchTask } from '../ground/bench-task.ts'
import type { SchemaIds } from '../ground/round-ground.ts'
import { type Measured, Stopwatch } from '../measure/stopwatch.ts'
import { serveRounds } from '../process/serve-rounds.ts'
import { writeTask } from './plain-avro.ts'
import { plainKafka, plainProducer } from './plain-kafkajs.ts'

export interface PlainPublishJob {
  readonly brokers: string
  readonly topic: string
  readonly records: number
  readonly ids: SchemaIds
  /** Sends that may wait for their acknowledgement at once. */
  readonly sendsAtOnce: number
}

const SEND_RECORDS = 500

serveRounds(publish)

async function publish({ brokers, topic, records, ids, sendsAtOnce }: PlainPublishJob): Promise<Measured> {
  const producer = await plainProducer(plainKafka(brokers))
  const tasks = Array.from({ length: records }, (_, n) => benchTask(n))
  const stopwatch = new Stopwatch()
  stopwatch.start()
  const sendAll = async (first: number): Promise<void> => {
    for (let from = first * SEND_RECORDS; from < records; from += sendsAtOnce * SEND_RECORDS) {
      const messages = tasks.slice(from, from + SEND_RECORDS).map((task): Message => {
        const id = randomUUID()
        return { key: id, value: writeTask(task, ids), headers: { ce_id: id } }
      })
      await producer.send({ topic, acks: -1, messages })
    }
  }
  await Promise.all(Array.from({ length: sendsAtOnce }, (_, first) => sendAll(first)))
  const measured = stopwatch.stop()
  await producer.disconnect()
  return measured
}
