import { type Clock, partitionFor, TowlineError } from '@towline/contracts'
import type { AdminPort, KafkaRecord, OutgoingRecord, ReaderPort, ReadRequest, TopicPartition } from '@towline/kafka'
import type { Sender } from '../src/sender.ts'

type Admin = Pick<AdminPort, 'describeTopics' | 'offsets' | 'offsetsAt' | 'topicNames'>

export interface StoredRecord extends KafkaRecord, TopicPartition {}

interface StoredPartition {
  low: number
  readonly records: StoredRecord[]
}

/**
 * Topics in memory behind the ports, for what must run thousands of times: properties and kills between any two calls.
 * `onCall` sees every call before and after it has its effect and may throw there.
 */
export class MemoryLog {
  readonly #topics = new Map<string, StoredPartition[]>()
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly reads: { readonly topic: string; readonly partition: number; readonly from: number; records: number }[] = []
  readonly configs: Record<string, string> = { 'retention.ms': String(7 * 86_400_000) }
  batchRecords = 3
  onCall: (call: string) => void = () => undefined
  /** No send is acknowledged before this is. */
  acknowledging: Promise<void> = Promise.resolve()

  constructor(clock: Pick<Clock, 'nowMs'>, topics: Readonly<Record<string, number>>) {
    this.#clock = clock
    for (const [topic, partitions] of Object.entries(topics)) {
      this.#topics.set(
        topic,
        Array.from({ length: partitions }, () => ({ low: 0, records: [] })),
      )
    }
  }

  deleteTopic(topic: string): void {
    this.#topics.delete(topic)
  }

  /** Everything retained of a topic, by partition and offset. */
  records(topic: string): StoredRecord[] {
    return this.#partitions(topic).flatMap(({ low, records }) => records.slice(low))
  }

  append(topic: string, record: OutgoingRecord, partition?: number): StoredRecord {
    const partitions = this.#partitions(topic)
    const chosen = partition ?? partitionFor(record.key ?? Buffer.alloc(0), partitions.length)
    const { records } = this.#partition({ topic, partition: chosen })
    const headers = Object.fromEntries(Object.entries(record.headers).map(([name, value]) => [name, stored(value)]))
    const { key, value, timestampMs = this.#clock.nowMs() } = record
    const appended = { topic, partition: chosen, offset: records.length, timestampMs, key, value, headers }
    records.push(appended)
    return appended
  }

  /** What retention does. */
  trim(topic: string, partition: number, low: number): void {
    this.#partition({ topic, partition }).low = low
  }

  readonly sender: Sender = {
    send: async (target, record) => {
      this.onCall(`before send ${target.topic}`)
      const { partition, offset } = this.append(target.topic, record, target.partition)
      await this.acknowledging
      this.onCall(`after send ${target.topic}`)
      return { partition, offset }
    },
  }

  readonly reader: Pick<ReaderPort, 'read'> = { read: (request) => this.#read(request) }

  readonly admin: Admin = {
    topicNames: async () => {
      this.onCall('before topicNames')
      return [...this.#topics.keys()]
    },
    offsets: async (topic) => {
      this.onCall(`before offsets ${topic}`)
      return this.#partitions(topic).map(({ low, records }, partition) => ({ partition, low, high: records.length }))
    },
    offsetsAt: async (topic, timestampMs) => {
      this.onCall(`before offsetsAt ${topic}`)
      return this.#partitions(topic).map(({ low, records }, partition) => {
        const found = records.slice(low).find((record) => record.timestampMs >= timestampMs)
        return { partition, offset: found?.offset ?? records.length }
      })
    },
    describeTopics: async (topics) =>
      topics.map((topic) => ({ topic, partitions: this.#partitions(topic).length, configs: this.configs })),
  }

  async *#read({ tp, from, to, signal }: ReadRequest): AsyncGenerator<{ records: KafkaRecord[]; next: number }> {
    this.onCall(`before read ${tp.topic}`)
    const { low, records } = this.#partition(tp)
    if (from < low || from > records.length) {
      throw new TowlineError('TOWLINE_OFFSET_OUT_OF_RANGE', `${tp.topic}/${tp.partition} holds ${low} on, got ${from}`)
    }
    const log = { topic: tp.topic, partition: tp.partition, from, records: 0 }
    this.reads.push(log)
    const end = to === 'tail' ? records.length : Math.min(to, records.length)
    for (let next = from; next < end && signal?.aborted !== true; ) {
      const batch = records.slice(next, Math.min(next + this.batchRecords, end))
      next += batch.length
      log.records += batch.length
      yield { records: batch, next }
      this.onCall(`during read ${tp.topic}`)
    }
  }

  #partitions(topic: string): StoredPartition[] {
    const partitions = this.#topics.get(topic)
    if (partitions !== undefined) return partitions
    throw new TowlineError('TOWLINE_TOPIC_MISSING', `topic ${topic} does not exist`, { value: topic })
  }

  #partition({ topic, partition }: TopicPartition): StoredPartition {
    const stored = this.#partitions(topic)[partition]
    if (stored !== undefined) return stored
    throw new Error(`${topic} has no partition ${partition}`)
  }
}

type OutgoingValue = OutgoingRecord['headers'][string]
type StoredValue = KafkaRecord['headers'][string]

function stored(value: OutgoingValue): StoredValue {
  if (typeof value === 'string') return Buffer.from(value)
  if (value === null || Buffer.isBuffer(value)) return value
  return (value as readonly (Buffer | string | null)[]).map((item) =>
    typeof item === 'string' ? Buffer.from(item) : item,
  )
}
