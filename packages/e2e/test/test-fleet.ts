import {
  type Agent,
  type AgentType,
  avroCodec,
  formatLife,
  HEADER,
  type Logger,
  newTaskId,
  subjects,
  TaskResult,
  topicNames,
} from '@towline/contracts'
import { createFleet, type Fleet, resolveConfig } from '@towline/fleet'
import { type KafkaRecord, type OutgoingRecord, systemClock, type TopicPartition } from '@towline/kafka'
import { type RunningBroker, uniqueNamespace } from '@towline/test-brokers'
import type { Work } from './work.ts'

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

/** One end record, with where it stands: tests look at all of them, not only at those that count. */
export interface EndRecord {
  readonly life: string
  readonly result: TaskResult
}

/** A task as it was published, with where it stands. */
export interface Published extends TopicPartition {
  readonly taskId: string
  readonly key: string | null
  readonly n: number
  readonly offset: number
}

export interface PublishOptions {
  readonly key?: string
  readonly id?: string
  readonly headers?: OutgoingRecord['headers']
}

export interface TestFleetOptions {
  /** Of the tasks topic. Default 3. */
  readonly partitions?: number
  /** That of another fleet, to join it: schemas are there already. Default: a new one. */
  readonly namespace?: string
  readonly log?: Logger
}

/** A fleet of a namespace of its own on a running broker, with topics and schemas in place. */
export class TestFleet implements AsyncDisposable {
  readonly fleet: Fleet
  readonly namespace: string
  readonly #broker: RunningBroker

  private constructor(fleet: Fleet, namespace: string, broker: RunningBroker) {
    this.fleet = fleet
    this.namespace = namespace
    this.#broker = broker
  }

  static async start(
    broker: RunningBroker,
    agents: readonly Agent[],
    options: TestFleetOptions = {},
  ): Promise<TestFleet> {
    const namespace = options.namespace ?? uniqueNamespace()
    const config = resolveConfig(
      { agents, topics: { partitions: { tasks: options.partitions ?? 3, results: 3, replay: 1 } } },
      { brokers: broker.brokers.join(','), 'registry.url': broker.registry, namespace },
      {},
    )
    const fleet = await createFleet(config, { clock: systemClock, log: options.log ?? silent })
    await fleet.topics.apply()
    if (options.namespace === undefined) await fleet.registerSchemas()
    return new TestFleet(fleet, namespace, broker)
  }

  /** What a process of this fleet finds in its environment. */
  environment(): Record<string, string> {
    return {
      TOWLINE_BROKERS: this.#broker.brokers.join(','),
      TOWLINE_REGISTRY: this.#broker.registry,
      TOWLINE_NAMESPACE: this.namespace,
    }
  }

  /** Publishes as any Kafka client may: Avro bytes, a key or none. Returns the task id. */
  async publish(type: AgentType<Work, Work>, work: Work, options: PublishOptions = {}): Promise<string> {
    return (await this.send(type, work, options)).taskId
  }

  /** As `publish`; returns where the task stands. */
  async send<W extends Work>(type: AgentType<W, Work>, work: W, options: PublishOptions = {}): Promise<Published> {
    const taskId = options.id ?? newTaskId()
    const key = options.key ?? null
    const { topic, ...position } = await this.sendRaw(type, {
      key: Buffer.from(key ?? taskId),
      value: await this.encode(type, work),
      headers: { [HEADER.ceId]: taskId, ...options.headers },
    })
    return { taskId, key, n: work.n, topic, ...position }
  }

  /** Publishes any record to the tasks topic. */
  async sendRaw(
    { type }: Pick<AgentType<Work, Work>, 'type'>,
    record: OutgoingRecord,
    partition?: number,
  ): Promise<TopicPartition & { readonly offset: number }> {
    const { tasks: topic } = topicNames(type, this.namespace)
    const sender = await this.fleet.sender()
    return { topic, ...(await sender.send(partition === undefined ? { topic } : { topic, partition }, record)) }
  }

  async encode<W extends Work>(type: AgentType<W, Work>, work: W): Promise<Buffer> {
    const id = await this.fleet.schemas.idOf(subjects(type.type, this.namespace).tasks, type.input.text)
    return avroCodec(type.input, this.fleet.schemas).encode(work, id ?? -1)
  }

  /** Every end record of the agent, partition by partition in offset order. */
  async ends(type: AgentType<Work, Work>): Promise<readonly EndRecord[]> {
    const codec = avroCodec(TaskResult, this.fleet.schemas)
    const ends: EndRecord[] = []
    for (const { value } of await this.records(topicNames(type.type, this.namespace).results)) {
      const decoded = await codec.decode(value)
      if (decoded.kind === 'decoded') ends.push({ life: formatLife(decoded.value), result: decoded.value })
    }
    return ends
  }

  /** Everything a topic holds, partition by partition in offset order, read without a group. */
  async records(topic: string): Promise<readonly (KafkaRecord & TopicPartition)[]> {
    const [admin, reader] = await Promise.all([this.fleet.admin(), this.fleet.reader()])
    const found: (KafkaRecord & TopicPartition)[] = []
    for (const { partition, low, high } of await admin.offsets(topic)) {
      if (low === high) continue
      const tp = { topic, partition }
      for await (const { records } of reader.read({ tp, from: low, to: high })) {
        found.push(...records.map((record) => ({ ...record, ...tp })))
      }
    }
    return found
  }

  /** Leaves every group of this fleet in the name of a dead client. */
  async bury(clientId: string): Promise<void> {
    const admin = await this.fleet.admin()
    for (const groupId of await this.groupIds()) {
      const { members } = await admin.describeGroup(groupId)
      for (const member of members) {
        if (member.clientId === clientId) await admin.leaveGroup(groupId, member.memberId)
      }
    }
  }

  /** Every group of this fleet that the broker knows. */
  async groupIds(): Promise<readonly string[]> {
    const admin = await this.fleet.admin()
    return (await admin.groupIds()).filter((groupId) => groupId.startsWith(`towline.${this.namespace}.`))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet.close()
  }
}
