import {
  AvroCodec,
  type End,
  HEADER,
  newTaskId,
  readEnvelope,
  subjects,
  type TopicNames,
  topicNames,
} from '@towline/contracts'
import {
  type AdminPort,
  applyPlan,
  createRecordSender,
  createSchemaRegistry,
  type KafkaRecord,
  type OutgoingRecord,
  type ProducerPort,
  planTopics,
  type ReaderPort,
  type RecordSender,
  type RegistryClient,
  systemClock,
  type TopicPartition,
} from '@towline/kafka'
import { connectKafka } from '@towline/kafka/kafkajs'
import { type RunningBroker, uniqueNamespace } from '@towline/test-brokers'
import { type DeadLetters, deadLetters } from '../src/dead-letters.ts'
import { createFailureRouter, type FailureRouter } from '../src/failure-router.ts'
import { batchesOf } from '../src/read-range.ts'
import { inputSchema, resultOf, resultSchema } from './schemas.ts'

export const TIERS_MS = [5_000, 60_000]
const DELIVERY_TIMEOUT_MS = 2_000

export type ReadRecord = KafkaRecord & TopicPartition

/** One agent's topics on a real broker, with the little of a publisher and a runner that dead letters need. */
export class BrokerWorld {
  readonly names: TopicNames
  readonly admin: AdminPort
  readonly reader: ReaderPort
  readonly sender: RecordSender
  readonly letters: DeadLetters
  readonly router: FailureRouter
  readonly #producer: ProducerPort
  readonly #registry: RegistryClient
  readonly #results: AvroCodec<object>
  readonly #inputs: AvroCodec<{ readonly path: string }>
  readonly #schemaIds: { readonly result: number; readonly input: number }

  static async on(broker: RunningBroker): Promise<BrokerWorld> {
    const namespace = uniqueNamespace()
    const names = topicNames('digest', namespace)
    const driver = connectKafka({ brokers: broker.brokers, clientId: 'dead-letter-test' })
    const registry = createSchemaRegistry({ url: broker.registry })
    const { tasks, results } = subjects('digest', namespace)
    const schemaIds = {
      input: await registry.register(tasks, inputSchema.text),
      result: await registry.register(results, resultSchema.text),
    }
    const [admin, reader, producer] = await Promise.all([driver.admin(), driver.reader(), driver.producer()])
    await applyPlan(admin, planTopics({ agents: [{ type: 'digest', tiersMs: TIERS_MS }], namespace, brokers: 1 }))
    return new BrokerWorld(names, { admin, reader, producer, registry }, schemaIds)
  }

  private constructor(
    names: TopicNames,
    ports: { admin: AdminPort; reader: ReaderPort; producer: ProducerPort; registry: RegistryClient },
    schemaIds: { readonly result: number; readonly input: number },
  ) {
    this.names = names
    this.admin = ports.admin
    this.reader = ports.reader
    this.#producer = ports.producer
    this.#registry = ports.registry
    this.#schemaIds = schemaIds
    this.sender = createRecordSender(ports.producer, { clock: systemClock, deliveryTimeoutMs: DELIVERY_TIMEOUT_MS })
    this.router = createFailureRouter({ sender: this.sender, names, clock: systemClock })
    this.letters = deadLetters({
      reader: ports.reader,
      admin: ports.admin,
      sender: this.sender,
      names,
      schemas: ports.registry,
      clock: systemClock,
    })
    this.#results = new AvroCodec(resultSchema, ports.registry)
    this.#inputs = new AvroCodec(inputSchema, ports.registry)
  }

  async close(): Promise<void> {
    await this.sender.close()
    await Promise.all([this.#producer.close(), this.reader.close(), this.#registry.close()])
    const topics = await this.admin.topicNames()
    await this.admin.deleteTopics(
      topics.filter((topic) => topic.startsWith(this.names.tasks.slice(0, -'tasks'.length))),
    )
    await this.admin.close()
  }

  async publish(
    fields: { path?: string; key?: string; headers?: OutgoingRecord['headers'] } = {},
  ): Promise<ReadRecord> {
    const taskId = newTaskId()
    const value = this.#inputs.encode({ path: fields.path ?? 'README.md' }, this.#schemaIds.input)
    const headers = { [HEADER.ceId]: taskId, ...fields.headers }
    return this.write(this.names.tasks, { key: Buffer.from(fields.key ?? taskId), value, headers })
  }

  /** Writes a record and reads it back, as a runner would get it. */
  async write(topic: string, record: OutgoingRecord): Promise<ReadRecord> {
    const { partition, offset } = await this.sender.send({ topic }, record)
    const tp = { topic, partition }
    for await (const [read] of batchesOf(this.reader, { tp, from: offset, to: offset + 1 })) {
      if (read !== undefined) return { ...read, ...tp }
    }
    throw new Error(`${topic}/${partition} does not hold offset ${offset}`)
  }

  async end(taskId: string, life: number, end: End): Promise<void> {
    const value = this.#results.encode(resultOf(taskId, life, end, Date.now()), this.#schemaIds.result)
    await this.sender.send({ topic: this.names.results }, { key: Buffer.from(taskId), value, headers: {} })
  }

  async die(record: ReadRecord, message = 'it broke'): Promise<string> {
    const { envelope } = readEnvelope(record)
    const cause = { code: 'Error', message, stack: `Error: ${message}\n    at handler`, atMs: Date.now(), attempt: 5 }
    await this.router.deadLetter({ record, envelope }, 'attempts-exhausted', cause, () => 'send')
    await this.end(envelope.taskId, envelope.life, 'dead-lettered')
    return envelope.taskId
  }

  async records(topic: string): Promise<ReadRecord[]> {
    const found: ReadRecord[] = []
    for (const { partition, low, high } of await this.admin.offsets(topic)) {
      const tp = { topic, partition }
      for await (const records of batchesOf(this.reader, { tp, from: low, to: high })) {
        for (const record of records) found.push({ ...record, ...tp })
      }
    }
    return found
  }
}
