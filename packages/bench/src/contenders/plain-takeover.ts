// A consumer whose batches take longer than the bench, with the session timeout and heartbeats of Towline.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConsumerGroupJoinEvent, EachBatchPayload } from 'kafkajs'
import { machineMs } from '../measure/machine-clock.ts'
import { serveRounds } from '../process/serve-rounds.ts'
import { plainKafka } from './plain-kafkajs.ts'
import { HEARTBEAT_INTERVAL_MS, SESSION_TIMEOUT_MS, type TakeoverTold } from './takeover-messages.ts'

export interface PlainTakeoverJob {
  readonly brokers: string
  readonly topic: string
  readonly groupId: string
}

const PARTITIONS_AT_ONCE = 12

serveRounds(start)

/** Resolves when it has joined; works on until its process ends. */
async function start(job: PlainTakeoverJob, tell: (what: TakeoverTold) => void): Promise<null> {
  const { brokers, topic, groupId } = job
  const timing = { sessionTimeout: SESSION_TIMEOUT_MS, heartbeatInterval: HEARTBEAT_INTERVAL_MS }
  const consumer = plainKafka(brokers).consumer({ groupId, ...timing })
  const joined = Promise.withResolvers<void>()
  consumer.on('consumer.group_join', ({ payload }: ConsumerGroupJoinEvent) => {
    tell({ kind: 'holds', partitions: payload.memberAssignment[topic] ?? [] })
    joined.resolve()
  })
  const eachBatch = async ({ batch, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> => {
    for (const { key } of batch.messages) tell({ kind: 'started', taskId: String(key), atMs: machineMs() })
    while (isRunning() && !isStale()) {
      await sleep(HEARTBEAT_INTERVAL_MS)
      await heartbeat()
    }
  }
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({ autoCommit: false, partitionsConsumedConcurrently: PARTITIONS_AT_ONCE, eachBatch })
  await joined.promise
  return null
}
