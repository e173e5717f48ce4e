import {
  type Consumer,
  type ConsumerCrashEvent,
  type ConsumerGroupJoinEvent,
  type EachBatchPayload,
  Kafka,
} from 'kafkajs'
import type { ResolvedConsumerOptions } from '../../consuming/consumer-defaults.ts'
import { type StickyMember, towlineSticky } from '../assigner/towline-sticky.ts'
import { CONNECT_TIMEOUT_MS, CONSUMER_REQUEST_TIMEOUT_MS, type DriverContext } from '../connection-settings.ts'
import { kafkajsLog } from '../kafkajs-log.ts'
import { consumerIdleMs, socketFactory } from '../socket-factory.ts'

export interface GroupEvents extends StickyMember {
  /** Synchronous: kafkajs fetches for the new generation only after it. */
  onJoined(memberId: string, partitions: readonly number[]): void
  /** A turn of the fetch loop ended, also one that had nothing to fetch. */
  onTurn(): void
  /** The consumer's loop ended: it was stopped, or is about to report a crash. */
  onStopped(): void
  onCrashed(error: Error, willRestart: boolean): void
  /** Connections are open, or open again. */
  onConnected(): void
  mayRestart(): boolean
}

const PARTITION_MAX_BYTES = 1024 * 1024
/** Partitions added to a topic are noticed so late at most. */
const METADATA_MAX_AGE_MS = 60_000
const FIRST_RETRY_MS = 200
const LONGEST_RETRY_MS = 3_000

/** A kafkajs consumer with the settings under which its faults do not lose or stall anything, and its events. */
export function kafkajsGroup(context: DriverContext, options: ResolvedConsumerOptions, events: GroupEvents): Consumer {
  const { brokers, clientId, ssl, sasl, log } = context.connection
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    ...kafkajsLog(log),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: CONSUMER_REQUEST_TIMEOUT_MS,
    socketFactory: socketFactory(consumerIdleMs(options.rebalanceTimeoutMs)),
  })
  const consumer = kafka.consumer({
    groupId: options.groupId,
    sessionTimeout: options.sessionTimeoutMs,
    heartbeatInterval: options.heartbeatIntervalMs,
    rebalanceTimeout: options.rebalanceTimeoutMs,
    maxWaitTimeInMs: options.maxWaitMs,
    maxBytes: options.maxBytes,
    maxBytesPerPartition: Math.min(options.maxBytes, PARTITION_MAX_BYTES),
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    partitionAssigners: [towlineSticky(options.topic, events)],
    retry: {
      retries: context.loopRetries,
      initialRetryTime: FIRST_RETRY_MS,
      maxRetryTime: LONGEST_RETRY_MS,
      restartOnFailure: () => Promise.resolve(events.mayRestart()),
    },
  })
  listen(consumer, options.topic, events)
  return consumer
}

function listen(consumer: Consumer, topic: string, events: GroupEvents): void {
  consumer.on('consumer.group_join', ({ payload }: ConsumerGroupJoinEvent) => {
    events.onJoined(payload.memberId, payload.memberAssignment[topic] ?? [])
  })
  consumer.on('consumer.fetch', () => events.onTurn())
  consumer.on('consumer.stop', () => events.onStopped())
  consumer.on('consumer.connect', () => events.onConnected())
  consumer.on('consumer.crash', ({ payload }: ConsumerCrashEvent) => events.onCrashed(payload.error, payload.restart))
}

/** Joins and consumes. Resolves after the first join, or after a crash that came before it. */
export async function runGroup(
  consumer: Consumer,
  topic: string,
  onBatch: (payload: EachBatchPayload) => void,
): Promise<void> {
  await consumer.connect()
  // Where nothing is committed the library must not jump to the end: that loses what came before.
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: 1,
    eachBatch: (payload) => {
      onBatch(payload)
      return Promise.resolve()
    },
  })
}
