import {
  type AgentType,
  type AvroCodec,
  avroCodec,
  type End,
  groupIdOf,
  HEADER,
  headerText,
  isEnd,
  isTowlineError,
  parseLife,
  type Resolution,
  readEnvelope,
  subjects,
  TaskResult,
  topicNames,
} from '@towline/contracts'
import { createFleet, type Fleet, type ResolvedConfig, resolveConfig } from '@towline/fleet'
import type { KafkaRecord, RecordSender, TopicPartition } from '@towline/kafka'
import { MemoryCluster, MemoryRegistry, settle, VirtualClock } from '@towline/kafka/memory'
import type { History, HistoryEvent } from '@towline/testing'
import { Random } from '../random.ts'
import { silent } from '../silent.ts'
import type { EndRecord, Published } from '../test-fleet.ts'
import type { Work } from '../work.ts'
import { type VirtualAgentOptions, virtualAgent } from './virtual-agent.ts'
import { VirtualJournal } from './virtual-journal.ts'
import { type Machine, VirtualProcess } from './virtual-process.ts'

export interface VirtualFleetOptions {
  readonly seed: number
  readonly type: AgentType<Work, Work>
  readonly agent?: VirtualAgentOptions
  /** Of the tasks topic. Default 3. */
  readonly partitions?: number
  /** Longest time a request or an answer is under way. Default 0. */
  readonly latencyMs?: number
}

interface Publisher {
  encode(work: Work): Buffer
  readonly sender: RecordSender
  readonly topic: string
}

/** How long anything that a test waits for may take. */
const PATIENCE_MS = 86_400_000

/**
 * A whole fleet in one process and in virtual time: real runners over a Kafka in memory, the same for the same seed.
 * Timers due at one moment run in an order that the seed decides.
 */
export class VirtualFleet implements Machine {
  readonly clock: VirtualClock
  readonly cluster: MemoryCluster
  readonly registry = new MemoryRegistry()
  readonly random: Random
  readonly journal: VirtualJournal
  readonly published: Published[] = []
  readonly ends: EndRecord[] = []
  readonly #options: VirtualFleetOptions
  readonly #config: ResolvedConfig
  readonly #results: AvroCodec<TaskResult>
  readonly #fleet: Promise<Fleet>
  readonly #outstanding = new Set<string>()
  readonly #endedIds = new Set<string>()
  readonly #watch = new AbortController()
  readonly #publisher: Promise<Publisher>

  private constructor(options: VirtualFleetOptions) {
    const order = new Random(options.seed)
    const network = order.fork()
    this.#options = options
    this.random = order.fork()
    this.clock = new VirtualClock({ pick: (among) => order.below(among) })
    const bound = (options.latencyMs ?? 0) + 1
    this.cluster = new MemoryCluster({ clock: this.clock, latencyMs: () => network.below(bound) })
    this.journal = new VirtualJournal(this.clock)
    this.#config = this.#resolve()
    const registry = this.registry.client(this.clock)
    this.#results = avroCodec(TaskResult, registry)
    const driver = this.cluster.connect({ clientId: 'observer' })
    this.#fleet = createFleet(this.#config, { clock: this.clock, log: silent, driver, registry })
    this.#publisher = this.#begin()
  }

  static async start(options: VirtualFleetOptions): Promise<VirtualFleet> {
    const fleet = new VirtualFleet(options)
    await fleet.until(fleet.#publisher)
    return fleet
  }

  /** Lets time pass until `work` is done. */
  async until<T>(work: Promise<T>): Promise<T> {
    let isDone = false
    const done = work.finally(() => {
      isDone = true
    })
    done.catch(() => undefined)
    await this.clock.advanceUntil(() => isDone, PATIENCE_MS)
    return await done
  }

  /** Lets time pass until every published task has an end. */
  async untilAllEnded(withinMs: number = PATIENCE_MS): Promise<void> {
    await this.clock.advanceUntil(() => this.outstanding() === 0, withinMs)
  }

  /** Published tasks without an end. */
  outstanding(): number {
    return this.#outstanding.size
  }

  /** A process that is about to be started. */
  process(name: string): VirtualProcess {
    return new VirtualProcess(name, this, this.journal.by(name))
  }

  /** Starts the runner of a process. It is not waited for: where it is killed meanwhile, it never ends. */
  begin(process: VirtualProcess): Promise<void> {
    return process.start(this.#configOf(process))
  }

  async startRunner(name: string): Promise<VirtualProcess> {
    const process = this.process(name)
    await this.until(this.begin(process))
    return process
  }

  /** Publishes, and waits for the acknowledgement. */
  async publish(work: Work, key: string | null = null): Promise<Published> {
    const { encode, sender, topic } = await this.#publisher
    const taskId = this.#newTaskId()
    const record = { key: Buffer.from(key ?? taskId), value: encode(work), headers: { [HEADER.ceId]: taskId } }
    const position = await sender.send({ topic }, record)
    const atMs = this.clock.nowMs()
    const published: Published = { kind: 'published', taskId, key, n: work.n, topic, ...position, atMs }
    this.published.push(published)
    if (!this.#endedIds.has(taskId)) this.#outstanding.add(taskId)
    return published
  }

  /** Leaves every group in the name of a dead client, as its supervisor does. */
  async bury(clientId: string): Promise<void> {
    const admin = await (await this.#fleet).admin()
    for (const groupId of await admin.groupIds()) {
      const { members } = await admin.describeGroup(groupId)
      for (const member of members) if (member.clientId === clientId) await admin.leaveGroup(groupId, member.memberId)
    }
  }

  /** Everybody in the group of the tasks topic has to join again. */
  rebalance(): void {
    this.cluster.rebalance(groupIdOf(topicNames(this.#options.type.type).tasks))
  }

  /** Every dead letter and every resolution of one. */
  async letters(): Promise<readonly HistoryEvent<'letter' | 'resolution'>[]> {
    return (await this.until(this.records(topicNames(this.#options.type.type).dlq))).map((record) => {
      const resolves = parseLife(headerText(record.headers, HEADER.resolves) ?? '')
      if (resolves !== null) {
        const resolvedAs = headerText(record.headers, HEADER.resolvedAs) as Resolution
        return { kind: 'resolution', ...resolves, resolvedAs, ...placeOf(record) }
      }
      const { taskId, life } = readEnvelope(record).envelope
      return { kind: 'letter', taskId, life, ...placeOf(record) }
    })
  }

  /** Tasks whose publisher had no answer and wrote them again. */
  async writtenTwice(): Promise<ReadonlySet<string>> {
    const records = await this.until(this.records(topicNames(this.#options.type.type).tasks))
    const ids = records.map((record) => readEnvelope(record).envelope.taskId)
    return new Set(ids.filter((id, at) => ids.indexOf(id) !== at))
  }

  async history(): Promise<History> {
    return [...this.published, ...this.ends, ...(await this.letters()), ...this.journal.entries]
  }

  async records(topic: string): Promise<readonly (KafkaRecord & TopicPartition)[]> {
    const fleet = await this.#fleet
    const [admin, reader] = await Promise.all([fleet.admin(), fleet.reader()])
    const found: (KafkaRecord & TopicPartition)[] = []
    for (const { partition, low, high } of await admin.offsets(topic)) {
      const tp = { topic, partition }
      for await (const { records } of reader.read({ tp, from: low, to: high })) {
        found.push(...records.map((record) => ({ ...record, ...tp })))
      }
    }
    return found
  }

  /** The ends of the journal's attempts so far, by end. */
  endsOf(end: End): readonly EndRecord[] {
    return this.ends.filter((each) => each.end === end)
  }

  /** Ends what watches. */
  async close(): Promise<void> {
    this.#watch.abort()
    await settle()
  }

  async #begin(): Promise<Publisher> {
    const fleet = await this.#fleet
    const { type, input } = this.#options.type
    const { tasks, results } = topicNames(type)
    await fleet.topics.apply()
    await fleet.registerSchemas()
    const schemaId = (subject: string, text: string): Promise<number> => fleet.schemas.register(subject, text)
    // Known before anything may happen to the registry.
    await fleet.schemas.schemaOf(await schemaId(subjects(type).results, TaskResult.text))
    const inputId = await schemaId(subjects(type).tasks, input.text)
    const codec = avroCodec(input, fleet.schemas)
    void this.#watchEnds({ topic: results, partition: 0 })
    return { encode: (work) => codec.encode(work, inputId), sender: await fleet.sender(), topic: tasks }
  }

  /** Reads the results as they come, through any outage. */
  async #watchEnds(tp: TopicPartition): Promise<void> {
    const fleet = await this.#fleet
    const reader = await fleet.reader()
    const { signal } = this.#watch
    for (let from = 0; !signal.aborted; ) {
      try {
        for await (const { records, next } of reader.read({ tp, from, to: 'tail', signal })) {
          for (const record of records) await this.#ended({ ...record, ...tp })
          from = next
        }
      } catch (error) {
        if (!isTowlineError(error, 'TOWLINE_BROKER_UNAVAILABLE')) throw error
      }
    }
  }

  async #ended(record: KafkaRecord & TopicPartition): Promise<void> {
    const decoded = await this.#results.decode(record.value)
    if (decoded.kind !== 'decoded' || !isEnd(decoded.value.end)) return
    const { taskId, life, end, runnerId: runner } = decoded.value
    this.#endedIds.add(taskId)
    this.#outstanding.delete(taskId)
    this.ends.push({ kind: 'end', taskId, life, end, runner, ...placeOf(record), result: decoded.value })
  }

  #configOf(process: VirtualProcess): ResolvedConfig {
    const { type, agent = {} } = this.#options
    const config = this.#config
    const runner = { ...config.runner, runnerId: process.name }
    return { ...config, agents: [virtualAgent(type, process, agent)], runner }
  }

  #resolve(): ResolvedConfig {
    const { type, agent = {}, partitions = 3 } = this.#options
    return resolveConfig(
      {
        agents: [virtualAgent(type, this.process('observer'), agent)],
        topics: { partitions: { tasks: partitions, results: 1, retry: 1, dlq: 1, events: 1, replay: 1 } },
      },
      { brokers: 'memory:9092', 'registry.url': 'http://memory', 'runner.drain': '5s' },
      {},
    )
  }

  /** A UUIDv7 of the moment, of numbers that follow from the seed. */
  #newTaskId(): string {
    const hex = (digits: number): string =>
      this.random
        .below(16 ** digits)
        .toString(16)
        .padStart(digits, '0')
    const time = this.clock.nowMs().toString(16).padStart(12, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}`
  }
}

function placeOf({ topic, partition, offset, timestampMs }: KafkaRecord & TopicPartition): TopicPartition & {
  readonly offset: number
  readonly atMs: number
} {
  return { topic, partition, offset, atMs: timestampMs }
}
