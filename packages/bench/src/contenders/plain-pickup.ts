// One process sends at a fixed rate, a message at a time, and consumes what it sends. Nothing is written back.
import { randomUUID } from 'node:crypto'
import type { EachBatchPayload } from 'kafkajs'
import { benchTask } from '../ground/bench-task.ts'
import type { SchemaIds } from '../ground/round-ground.ts'
import type { Latencies } from '../measure/latency-report.ts'
import { machineMs } from '../measure/machine-clock.ts'
import { openLoop } from '../measure/open-loop.ts'
import { Stopwatch } from '../measure/stopwatch.ts'
import { serveRounds } from '../process/serve-rounds.ts'
import { readTask, writeTask } from './plain-avro.ts'
import { plainKafka, plainProducer } from './plain-kafkajs.ts'

export interface PlainPickupJob {
  readonly brokers: string
  readonly topic: string
  readonly groupId: string
  readonly ids: SchemaIds
  readonly ratePerSecond: number
  readonly count: number
  /** The first so many are not measured: the group has just been joined. */
  readonly unmeasured: number
}

serveRounds(pipe)

async function pipe(job: PlainPickupJob): Promise<Latencies> {
  const { brokers, topic, groupId, ids, ratePerSecond, count, unmeasured } = job
  const latencies: number[] = []
  const arrived = Promise.withResolvers<void>()
  const kafka = plainKafka(brokers)
  const producer = await plainProducer(kafka)
  const consumer = kafka.consumer({ groupId })
  const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve))
  const eachBatch = async ({ batch }: EachBatchPayload): Promise<void> => {
    for (const { value } of batch.messages) {
      const { n, dueMs } = readTask(value as Buffer)
      if (n >= unmeasured) latencies.push(machineMs() - dueMs)
    }
    if (latencies.length >= count - unmeasured) arrived.resolve()
  }
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({ eachBatch })
  await joined
  const fire = (n: number, dueMs: number): void => {
    const id = randomUUID()
    const messages = [{ key: id, value: writeTask(benchTask(n, { dueMs }), ids), headers: { ce_id: id } }]
    producer.send({ topic, acks: -1, messages }).catch(arrived.reject)
  }
  const stopwatch = new Stopwatch()
  stopwatch.start()
  await openLoop({ ratePerSecond, count }, fire, machineMs)
  await arrived.promise
  const measured = stopwatch.stop()
  await consumer.disconnect()
  await producer.disconnect()
  return { ...measured, latencies }
}
