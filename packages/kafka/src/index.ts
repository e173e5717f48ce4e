/**
 * Kafka as Towline sees it: four ports, and what is built on them without knowing a driver. The kafkajs driver behind
 * the ports is the entry `@towline/kafka/kafkajs`.
 *
 * ```ts
 * import { createRecordSender, systemClock } from '@towline/kafka'
 * import { connectKafka } from '@towline/kafka/kafkajs'
 *
 * const driver = connectKafka({ brokers: ['127.0.0.1:9092'], clientId: 'example' })
 * const producer = await driver.producer()
 * const sender = createRecordSender(producer, { clock: systemClock })
 * await sender.send({ topic: 'digest.tasks' }, { key: Buffer.from('a'), value, headers: {} })
 * ```
 */
export { type GroupMarkerPorts, GroupMarkers } from './groups/group-markers.ts'
export type {
  AdminPort,
  CommittedOffset,
  GroupDescription,
  GroupMember,
  PartitionOffsets,
  TopicDescription,
  TopicSpec,
} from './ports/admin-port.ts'
export type {
  CommitEntry,
  CommitResult,
  ConsumerHandlers,
  ConsumerOptions,
  ConsumerPort,
  FreshAssignment,
  Liveness,
  LossCause,
  RecordsVerdict,
} from './ports/consumer-port.ts'
export type { KafkaDriver } from './ports/kafka-driver.ts'
export type { PartitionBatch, ProducerPort, SendResult } from './ports/producer-port.ts'
export type { ReadBatch, ReaderPort, ReadRequest } from './ports/reader-port.ts'
export {
  type KafkaRecord,
  type OutgoingRecord,
  type PartitionId,
  partitionId,
  type RecordHeaders,
  type TopicPartition,
} from './ports/record.ts'
export type { RegistryCredentials } from './registry/registry-address.ts'
export type { CompatibilityLevel } from './registry/registry-calls.ts'
export { createSchemaRegistry, type RegistryClient, type SchemaRegistryOptions } from './registry/registry-client.ts'
export type { SendReceipt, SendTarget } from './sender/accepted-send.ts'
export { FlushEpochs } from './sender/flush-epochs.ts'
export { OrderedAnswer } from './sender/ordered-answer.ts'
export type { SendGuard } from './sender/partition-queue.ts'
export { outgoingBytes } from './sender/record-bytes.ts'
export { createRecordSender, type RecordSender, type RecordSenderOptions } from './sender/record-sender.ts'
export { SendDropped } from './sender/send-errors.ts'
export { systemClock } from './system-clock.ts'
export { applyPlan, comparePlan } from './topics/topic-apply.ts'
export { diffPlan, type PlanStep, refuseContradictions } from './topics/topic-diff.ts'
export {
  DEFAULT_MAX_MESSAGE_BYTES,
  type PlannedAgent,
  type PlannedKind,
  type PlannedTopic,
  planTopics,
  type TopicPlanOptions,
} from './topics/topic-plan.ts'
export type { Contradiction } from './topics/topic-rules.ts'
