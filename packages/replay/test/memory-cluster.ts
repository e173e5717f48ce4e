import { TowlineError } from '@towline/contracts'
import type {
  AdminPort,
  CommitEntry,
  KafkaRecord,
  OutgoingRecord,
  PartitionBatch,
  ProducerPort,
  ReadBatch,
  ReadRequest,
  SendResult,
} from '@towline/kafka'

interface PartitionLog {
  low: number
  high: number
  records: KafkaRecord[]
}

type HeaderInput = OutgoingRecord['headers']

export interface SeedRecord {
  readonly partition: number
  readonly key?: string | Buffer | null
  readonly value?: string | Buffer | null
  readonly headers?: HeaderInput
  readonly timestampMs?: number
  /** Offsets left out before it, as compaction and control records leave them. */
  readonly gap?: number
}

/**
 * Topics and committed offsets in memory, for virtual time and for faults at exact calls. Suites on real brokers hold
 * the same code against Kafka's behaviour.
 */
export class MemoryCluster {
  readonly #topics = new Map<string, PartitionLog[]>()
  readonly #groups = new Map<string, Map<string, { next: number; metadata: string }>>()
  /** Records of one batch of a read. */
  batchRecords = 7
  nowMs: () => number = () => 1_700_000_000_000

  create(topic: string, partitions: number): void {
    this.#topics.set(
      topic,
      Array.from({ length: partitions }, () => ({ low: 0, high: 0, records: [] })),
    )
  }

  append(topic: string, ...seeds: readonly SeedRecord[]): void {
    for (const seed of seeds) {
      const log = this.#log(topic, seed.partition)
      log.high += seed.gap ?? 0
      log.records.push({
        offset: log.high,
        timestampMs: seed.timestampMs ?? this.nowMs(),
        key: bytesOrNull(seed.key ?? null),
        value: bytesOrNull(seed.value ?? null),
        headers: headersAsRead(seed.headers ?? {}),
      })
      log.high += 1
    }
  }

  /** Offsets at the end of a partition that no record has. */
  appendGap(topic: string, partition: number, offsets: number): void {
    this.#log(topic, partition).high += offsets
  }

  /** Retention moves the log start. */
  deleteBelow(topic: string, partition: number, offset: number): void {
    const log = this.#log(topic, partition)
    log.low = Math.max(log.low, Math.min(offset, log.high))
    log.records = log.records.filter((record) => record.offset >= log.low)
  }

  records(topic: string): readonly (KafkaRecord & { readonly partition: number })[] {
    return this.#logs(topic).flatMap(({ records }, partition) => records.map((record) => ({ ...record, partition })))
  }

  committed(groupId: string): ReadonlyMap<string, { readonly next: number; readonly metadata: string }> {
    return this.#groups.get(groupId) ?? new Map()
  }

  admin(): Pick<
    AdminPort,
    'describeTopics' | 'offsets' | 'offsetsAt' | 'committed' | 'commitNote' | 'groupIds' | 'deleteGroups'
  > {
    return {
      describeTopics: async (topics) =>
        topics.flatMap((topic) => {
          const logs = this.#topics.get(topic)
          return logs === undefined ? [] : [{ topic, partitions: logs.length, configs: {} }]
        }),
      offsets: async (topic) => this.#logs(topic).map(({ low, high }, partition) => ({ partition, low, high })),
      offsetsAt: async (topic, timestampMs) =>
        this.#logs(topic).map(({ records, high }, partition) => ({
          partition,
          offset: records.find((record) => record.timestampMs >= timestampMs)?.offset ?? high,
        })),
      committed: async (groupId, partitions) =>
        partitions.map((tp) => {
          const found = this.#groups.get(groupId)?.get(`${tp.topic}/${tp.partition}`)
          return { tp, next: found?.next ?? null, metadata: found?.metadata ?? '' }
        }),
      commitNote: async (groupId, entries) => this.#commit(groupId, entries),
      groupIds: async () => [...this.#groups.keys()],
      deleteGroups: async (groupIds) => {
        for (const groupId of groupIds) this.#groups.delete(groupId)
      },
    }
  }

  reader(): { read(request: ReadRequest): AsyncIterable<ReadBatch> } {
    return { read: (request) => this.#read(request) }
  }

  /** Acknowledges each send when `arrival` has resolved. */
  producer(arrival: () => Promise<void> = async () => {}): ProducerPort {
    return {
      partitionCount: async (topic) => this.#logs(topic).length,
      leaderOf: () => 1,
      send: async (batches) => {
        await arrival()
        return batches.map((batch) => this.#write(batch))
      },
      refresh: async () => {},
      close: async () => {},
    }
  }

  #commit(groupId: string, entries: readonly CommitEntry[]): void {
    const group = this.#groups.get(groupId) ?? new Map()
    for (const { tp, next, metadata } of entries) {
      if (Buffer.byteLength(metadata) > 4_096) throw new Error('OFFSET_METADATA_TOO_LARGE')
      group.set(`${tp.topic}/${tp.partition}`, { next, metadata })
    }
    this.#groups.set(groupId, group)
  }

  #write({ topic, partition, records }: PartitionBatch): SendResult {
    const log = this.#log(topic, partition)
    const baseOffset = log.high
    this.append(topic, ...records.map(({ key, value, headers }) => ({ partition, key, value, headers })))
    return { kind: 'written', baseOffset }
  }

  async *#read({ tp, from, to, signal }: ReadRequest): AsyncGenerator<ReadBatch> {
    if (to === 'tail') throw new Error('the memory cluster reads ranges only')
    for (let next = from; next < to; ) {
      await new Promise((resolve) => setImmediate(resolve))
      if (signal?.aborted === true) return
      const log = this.#log(tp.topic, tp.partition)
      if (next < log.low || next > log.high) {
        throw new TowlineError('TOWLINE_OFFSET_OUT_OF_RANGE', `${tp.topic}/${tp.partition} does not hold ${next}`)
      }
      const rest = log.records.filter(({ offset }) => offset >= next && offset < to)
      const records = rest.slice(0, this.batchRecords)
      const last = records.at(-1)
      if (last === undefined) return
      next = last.offset + 1
      yield { records, next }
    }
  }

  #logs(topic: string): PartitionLog[] {
    const logs = this.#topics.get(topic)
    if (logs === undefined) throw new TowlineError('TOWLINE_TOPIC_MISSING', `${topic} does not exist`)
    return logs
  }

  #log(topic: string, partition: number): PartitionLog {
    const log = this.#logs(topic)[partition]
    if (log === undefined) throw new Error(`${topic} has no partition ${partition}`)
    return log
  }
}

function bytesOrNull(value: string | Buffer | null): Buffer | null {
  return value === null ? null : Buffer.from(value)
}

function headersAsRead(headers: HeaderInput): KafkaRecord['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(bytesOrNull) : bytesOrNull(value as string | Buffer | null),
    ]),
  )
}
