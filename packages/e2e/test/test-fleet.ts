import {
  type Agent,
  type AgentType,
  avroCodec,
  HEADER,
  headerText,
  isEnd,
  type Logger,
  newTaskId,
  parseLife,
  type RecordPosition,
  type Resolution,
  readEnvelope,
  subjects,
  TaskResult,
  topicNames,
} from '@towline/contracts'
import { createFleet, type Fleet, resolveConfig } from '@towline/fleet'
import { type KafkaRecord, type OutgoingRecord, systemClock, type TopicPartition } from '@towline/kafka'
import { type RunningBroker, uniqueNamespace } from '@towline/test-brokers'
import type { History, HistoryEvent } from '@towline/testing'
import type { Journal } from './journal.ts'
import { silent } from './silent.ts'
import type { Work } from './work.ts'

/** An end record with all it says: tests look at all of them, not only at those that count. */
export type EndRecord = HistoryEvent<'end'> & { readonly result: TaskResult }

/** A task as it was published, with the number in it. */
export type Published = HistoryEvent<'published'> & { readonly n: number }

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
    return { kind: 'published', taskId, key, n: work.n, topic, ...position, atMs: Date.now() }
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

  async encode<I>(type: Pick<AgentType<I, unknown>, 'type' | 'input'>, work: I): Promise<Buffer> {
    const id = await this.fleet.schemas.idOf(subjects(type.type, this.namespace).tasks, type.input.text)
    return avroCodec(type.input, this.fleet.schemas).encode(work, id ?? -1)
  }

  /** Every end record of the agent, partition by partition in offset order. */
  async ends({ type }: Pick<AgentType<Work, Work>, 'type'>): Promise<readonly EndRecord[]> {
    const codec = avroCodec(TaskResult, this.fleet.schemas)
    const ends: EndRecord[] = []
    for (const record of await this.records(topicNames(type, this.namespace).results)) {
      const decoded = await codec.decode(record.value)
      if (decoded.kind !== 'decoded' || !isEnd(decoded.value.end)) continue
      const { taskId, life, end, runnerId: runner } = decoded.value
      ends.push({ kind: 'end', taskId, life, end, runner, ...placeOf(record), result: decoded.value })
    }
    return ends
  }

  /** Every dead letter of the agent and every resolution of one, partition by partition in offset order. */
  async letters({
    type,
  }: Pick<AgentType<Work, Work>, 'type'>): Promise<readonly HistoryEvent<'letter' | 'resolution'>[]> {
    const records = await this.records(topicNames(type, this.namespace).dlq)
    return records.map((record) => {
      const resolves = parseLife(headerText(record.headers, HEADER.resolves) ?? '')
      if (resolves !== null) {
        const resolvedAs = headerText(record.headers, HEADER.resolvedAs) as Resolution
        return { kind: 'resolution', ...resolves, resolvedAs, ...placeOf(record) }
      }
      const { taskId, life } = readEnvelope(record).envelope
      return { kind: 'letter', taskId, life, ...placeOf(record) }
    })
  }

  /**
   * Tasks where they first stand in the log, and the ids of those that stand there again: a publish that the network
   * repeated was acknowledged at its last place, and runs at its first.
   */
  async inLog(
    { type }: Pick<AgentType<Work, Work>, 'type'>,
    published: readonly Published[],
  ): Promise<{ readonly placed: readonly Published[]; readonly repeated: ReadonlySet<string> }> {
    const places = new Map<string, RecordPosition>()
    const repeated = new Set<string>()
    for (const { topic, partition, offset, headers } of await this.records(topicNames(type, this.namespace).tasks)) {
      const taskId = headerText(headers, HEADER.ceId) ?? ''
      if (places.has(taskId)) repeated.add(taskId)
      else places.set(taskId, { topic, partition, offset })
    }
    return { placed: published.map((task) => ({ ...task, ...places.get(task.taskId) })), repeated }
  }

  /** All that these tasks and this journal and the topics of the agent tell. */
  async history(
    type: Pick<AgentType<Work, Work>, 'type'>,
    published: readonly Published[],
    journal: Journal,
  ): Promise<History> {
    return [...published, ...(await this.ends(type)), ...(await this.letters(type)), ...journal.entries()]
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

function placeOf({ topic, partition, offset, timestampMs }: KafkaRecord & TopicPartition): RecordPosition & {
  readonly atMs: number
} {
  return { topic, partition, offset, atMs: timestampMs }
}
