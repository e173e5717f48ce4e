import { subjects, TaskResult, type TopicNames, topicNames } from '@towline/contracts'
import {
  type AdminPort,
  applyPlan,
  createRecordSender,
  createSchemaRegistry,
  type KafkaDriver,
  type KafkaRecord,
  type ProducerPort,
  planTopics,
  type ReaderPort,
  type RecordSender,
  type RegistryClient,
  systemClock,
} from '@towline/kafka'
import { connectKafka } from '@towline/kafka/kafkajs'
import { type RunningBroker, uniqueNamespace } from '@towline/test-brokers'
import { type ConnectOptions, connect, type Towline } from '../src/index.ts'
import { echo } from './echo-agent.ts'

/** What a test needs: an agent's topics in a namespace of their own, and ports of its own to look at them. */
export interface Bench extends AsyncDisposable {
  readonly broker: RunningBroker
  readonly namespace: string
  readonly topics: TopicNames
  readonly driver: KafkaDriver
  readonly admin: AdminPort
  readonly reader: ReaderPort
  readonly sender: RecordSender
  readonly registry: RegistryClient
  /** A connection as a service makes it; closed with the bench. */
  connect(options?: ConnectOptions): Promise<Towline>
  /** Every record of a topic now, by partition. */
  records(topic: string): Promise<readonly PlacedRecord[]>
}

export interface PlacedRecord extends KafkaRecord {
  readonly partition: number
}

export interface BenchOptions {
  readonly maxMessageBytes?: number
  /** Partitions of the results topic. Default 2. */
  readonly results?: number
}

export async function openBench(broker: RunningBroker, options: BenchOptions = {}): Promise<Bench> {
  const namespace = uniqueNamespace()
  const topics = topicNames(echo.type, namespace)
  const driver = connectKafka({ brokers: broker.brokers, clientId: 'bench' })
  const [admin, reader, producer] = await Promise.all([driver.admin(), driver.reader(), driver.producer()])
  const registry = createSchemaRegistry({ url: broker.registry })
  const partitions = { tasks: 3, results: options.results ?? 2, replay: 1, dlq: 1, events: 1 }
  const { maxMessageBytes } = options
  const plan = planTopics({
    agents: [{ type: echo.type, tiersMs: [] }],
    namespace,
    brokers: 1,
    partitions,
    ...(maxMessageBytes === undefined ? {} : { maxMessageBytes }),
  })
  await applyPlan(admin, plan)
  const connections: Towline[] = []
  return {
    broker,
    namespace,
    topics,
    driver,
    admin,
    reader,
    registry,
    sender: createRecordSender(producer, { clock: systemClock }),
    async connect(connectOptions = {}) {
      const { brokers, registry: url } = broker
      const options = { brokers, registry: url, namespace, registerSchemas: true, ...connectOptions }
      const towline = await connect(options)
      connections.push(towline)
      return towline
    },
    records: (topic) => readAll({ admin, reader }, topic),
    async [Symbol.asyncDispose]() {
      await Promise.all(connections.map((connection) => connection.close()))
      await admin.deleteTopics(plan.map(({ topic }) => topic))
      await closeAll(admin, reader, producer, registry)
    },
  }
}

async function closeAll(...ports: readonly (AdminPort | ReaderPort | ProducerPort | RegistryClient)[]): Promise<void> {
  await Promise.all(ports.map((port) => port.close()))
}

async function readAll(
  { admin, reader }: Pick<Bench, 'admin' | 'reader'>,
  topic: string,
): Promise<readonly PlacedRecord[]> {
  const all: PlacedRecord[] = []
  for (const { partition, low, high } of await admin.offsets(topic)) {
    for await (const { records } of reader.read({ tp: { topic, partition }, from: low, to: high })) {
      all.push(...records.map((record) => ({ ...record, partition })))
    }
  }
  return all
}

/** Registers what a runner would: the schemas of results and of outputs. */
export async function registerResultSchemas(bench: Bench): Promise<{ resultId: number; outputId: number }> {
  const { results, output } = subjects(echo.type, bench.namespace)
  return {
    resultId: await bench.registry.register(results, TaskResult.text),
    outputId: await bench.registry.register(output, echo.output.text),
  }
}
