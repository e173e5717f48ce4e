import { randomBytes } from 'node:crypto'
import type { Clock } from '@towline/contracts'
import {
  type AdminPort,
  type ConsumerHandlers,
  type ConsumerOptions,
  type ConsumerPort,
  type FreshAssignment,
  type KafkaDriver,
  type KafkaRecord,
  type LossCause,
  type OutgoingRecord,
  type ProducerPort,
  type ReaderPort,
  type RecordsVerdict,
  systemClock,
  type TopicPartition,
} from '@towline/kafka'
import type { MemoryFaults } from '@towline/kafka/memory'

/** A driver on a cluster, and the time they live in. */
export interface Ground {
  readonly driver: KafkaDriver
  readonly clock: Clock
  /** Where the cluster takes scripted faults. */
  readonly faults?: Pick<MemoryFaults, 'add' | 'clear'>
  /** Moves a log start, as retention does; no port can. */
  deleteRecords(tp: TopicPartition, before: number): Promise<void>
  close(): Promise<void>
}

/** A driver under test with one port of each kind, and what tests make through it. */
export interface Bench extends Omit<Ground, 'close'> {
  readonly admin: AdminPort
  readonly producer: ProducerPort
  readonly reader: ReaderPort
  /** A topic nobody else uses. */
  topic(partitions?: number, configs?: Record<string, string>): Promise<string>
  /** Writes `count` records to a partition; their values are `partition:ordinal`. */
  write(tp: TopicPartition, count: number): Promise<void>
  /** A consumer that is not started yet; stopped when the test ends. */
  consumer(options: ConsumerOptions): ObservedConsumer
  /** Monotonic milliseconds. */
  nowMs(): number
  /** Waits until `isSo`; `what` names it where it does not come about within 15 s. */
  until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void>
  endTest(): Promise<void>
  close(): Promise<void>
}

export async function openBench(ground: Ground): Promise<Bench> {
  const { driver, clock, faults } = ground
  const [admin, producer, reader] = await Promise.all([driver.admin(), driver.producer(), driver.reader()])
  const topics: string[] = []
  const consumers: ObservedConsumer[] = []
  return {
    ...ground,
    admin,
    producer,
    reader,
    nowMs: () => clock.monotonicMs(),
    until: (what, isSo) => until(what, isSo, clock),
    async topic(partitions = 1, configs = {}) {
      const topic = uniqueName('topic')
      topics.push(topic)
      await admin.createTopics([{ topic, partitions, replicationFactor: 1, configs }])
      return topic
    },
    async write(tp, count) {
      await producer.partitionCount(tp.topic)
      const records = Array.from({ length: count }, (_, ordinal) => record(`${tp.partition}:${ordinal}`))
      const [result] = await producer.send([{ ...tp, records }])
      if (result?.kind !== 'written') throw result?.error ?? new Error('no result')
    },
    consumer(options) {
      const consumer = new ObservedConsumer(driver.consumer({ heartbeatIntervalMs: 200, maxWaitMs: 100, ...options }))
      consumers.push(consumer)
      return consumer
    },
    async endTest() {
      faults?.clear()
      await Promise.all(consumers.splice(0).map((consumer) => consumer.port.stop()))
      await admin.deleteTopics(topics.splice(0))
    },
    async close() {
      await Promise.all([admin.close(), producer.close(), reader.close()])
      await ground.close()
    },
  }
}

export function record(value: string, key: string | null = null): OutgoingRecord {
  return { key: key === null ? null : Buffer.from(key), value: Buffer.from(value), headers: {} }
}

export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`
}

/** A consumer whose handlers write down what they were told, and answer as a test wants. */
export class ObservedConsumer implements ConsumerHandlers {
  readonly port: ConsumerPort
  readonly assignments: FreshAssignment[] = []
  readonly losses: { readonly tp: TopicPartition; readonly cause: LossCause }[] = []
  readonly dataLosses: { readonly tp: TopicPartition; readonly from: number; readonly to: number }[] = []
  readonly failures: Error[] = []
  /** `partition:offset` of every record taken. */
  readonly taken: string[] = []
  /** Everything in order, one word each. */
  readonly story: string[] = []
  /** Every id under which the group was asked to count it, and null where it ceased to. */
  readonly memberIds: (string | null)[] = []
  proofs = 0
  startAt: (assignment: FreshAssignment) => number = ({ committed, logStart }) => committed ?? logStart
  verdict: (tp: TopicPartition, records: readonly KafkaRecord[], next: number) => RecordsVerdict = () => ({
    kind: 'taken',
  })
  #holding = new Map<number, number>()

  constructor(port: ConsumerPort) {
    this.port = port
  }

  start(): Promise<void> {
    return this.port.start(this)
  }

  /** Offsets taken of one partition, in order. */
  offsets(partition: number): number[] {
    return this.taken.filter((each) => each.startsWith(`${partition}:`)).map((each) => Number(each.split(':')[1]))
  }

  assigned(): number[] {
    return this.port.assigned().map(({ partition }) => partition)
  }

  onAssigned(assignments: readonly FreshAssignment[]): readonly number[] {
    this.assignments.push(...assignments)
    const starts = assignments.map((each) => this.startAt(each))
    for (const [index, { tp }] of assignments.entries()) {
      this.story.push(`assigned ${tp.partition}`)
      this.#holding.set(tp.partition, starts[index] ?? 0)
    }
    return starts
  }

  onLost(partitions: readonly TopicPartition[], cause: LossCause): void {
    for (const tp of partitions) {
      this.story.push(`lost ${tp.partition}`)
      this.losses.push({ tp, cause })
      if (!this.#holding.delete(tp.partition)) this.story.push(`BROKEN: ${tp.partition} lost without being held`)
    }
  }

  onRecords(tp: TopicPartition, records: readonly KafkaRecord[], next: number): RecordsVerdict {
    if (!this.#holding.has(tp.partition)) this.story.push(`BROKEN: records of ${tp.partition} while not held`)
    const verdict = this.verdict(tp, records, next)
    const before = verdict.kind === 'refused' ? verdict.resumeAt : next
    for (const { offset } of records) if (offset < before) this.taken.push(`${tp.partition}:${offset}`)
    return verdict
  }

  onDataLost(tp: TopicPartition, from: number, to: number): void {
    this.dataLosses.push({ tp, from, to })
  }

  onMember(memberId: string | null): void {
    this.memberIds.push(memberId)
  }

  onProof(): void {
    this.proofs += 1
  }

  onFatal(error: Error): void {
    this.failures.push(error)
  }

  broken(): string[] {
    return this.story.filter((each) => each.startsWith('BROKEN'))
  }
}

const WAIT_MS = 15_000
const POLL_MS = 5

export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  clock: Clock = systemClock,
): Promise<void> {
  const deadlineMs = clock.monotonicMs() + WAIT_MS
  while (!(await isSo())) {
    if (clock.monotonicMs() > deadlineMs) throw new Error(`not within ${WAIT_MS} ms: ${what}`)
    await new Promise<void>((resolve) => clock.after(POLL_MS, resolve))
  }
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
