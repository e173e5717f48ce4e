import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  AdminPort,
  ConsumerHandlers,
  ConsumerOptions,
  ConsumerPort,
  FreshAssignment,
  KafkaDriver,
  KafkaRecord,
  LossCause,
  OutgoingRecord,
  ProducerPort,
  ReaderPort,
  RecordsVerdict,
  TopicPartition,
} from '@towline/kafka'
import type { RunningBroker } from '@towline/test-brokers'

/** A driver under test with one port of each kind, and what tests make through it. */
export interface Bench {
  readonly broker: RunningBroker
  readonly driver: KafkaDriver
  readonly admin: AdminPort
  readonly producer: ProducerPort
  readonly reader: ReaderPort
  /** A topic nobody else uses. */
  topic(partitions?: number, configs?: Record<string, string>): Promise<string>
  /** Writes `count` records to a partition; their values are `partition:ordinal`. */
  write(tp: TopicPartition, count: number): Promise<void>
  /** A consumer that is not started yet; stopped when the test ends. */
  consumer(options: ConsumerOptions): ObservedConsumer
  endTest(): Promise<void>
  close(): Promise<void>
}

export type ConnectDriver = (connection: { brokers: readonly string[]; clientId: string }) => KafkaDriver

export async function openBench(broker: RunningBroker, connect: ConnectDriver, clientId: string): Promise<Bench> {
  const driver = connect({ brokers: broker.brokers, clientId })
  const [admin, producer, reader] = await Promise.all([driver.admin(), driver.producer(), driver.reader()])
  const topics: string[] = []
  const consumers: ObservedConsumer[] = []
  return {
    broker,
    driver,
    admin,
    producer,
    reader,
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
      broker.faults?.clear()
      await Promise.all(consumers.splice(0).map((consumer) => consumer.port.stop()))
      await admin.deleteTopics(topics.splice(0))
    },
    async close() {
      await Promise.all([admin.close(), producer.close(), reader.close()])
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

/** Waits until `isSo`; `what` names it where it does not come about. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await sleep(5)
  }
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
