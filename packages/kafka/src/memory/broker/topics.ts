import type { TopicSpec } from '../../ports/admin-port.ts'
import type { PartitionBatch } from '../../ports/producer-port.ts'
import type { TopicPartition } from '../../ports/record.ts'
import { outgoingBytes } from '../../sender/record-bytes.ts'
import { BrokerError } from './broker-error.ts'
import { type LogRead, PartitionLog } from './partition-log.ts'

export interface MemoryTopic {
  readonly topic: string
  readonly configs: Readonly<Record<string, string>>
  readonly logs: PartitionLog[]
}

export interface FetchedLog extends LogRead {
  readonly tp: TopicPartition
  readonly from: number
  readonly error?: BrokerError
}

export interface FetchRequest {
  readonly wanted: readonly { readonly tp: TopicPartition; readonly from: number }[]
  readonly maxBytes: number
  readonly partitionMaxBytes: number
}

const CONFIG_DEFAULTS: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'compression.type': 'producer',
  'delete.retention.ms': '86400000',
  'max.compaction.lag.ms': '9223372036854775807',
  'max.message.bytes': '1048588',
  'message.timestamp.after.max.ms': '3600000',
  'message.timestamp.before.max.ms': '9223372036854775807',
  'message.timestamp.type': 'CreateTime',
  'min.cleanable.dirty.ratio': '0.5',
  'min.compaction.lag.ms': '0',
  'min.insync.replicas': '1',
  'retention.bytes': '-1',
  'retention.ms': '604800000',
  'segment.bytes': '1073741824',
  'segment.ms': '604800000',
}
const LEGAL_NAME = /^[a-zA-Z0-9._-]{1,249}$/
/** What a batch costs on the wire beside its records. */
const BATCH_BYTES = 61

/** Topics and their logs. Retention and compaction are not modelled: what is written stays until it is deleted. */
export class Topics {
  readonly #topics = new Map<string, MemoryTopic>()
  readonly #waits = new Set<() => void>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  names(): readonly string[] {
    return [...this.#topics.keys()]
  }

  find(topic: string): MemoryTopic | undefined {
    return this.#topics.get(topic)
  }

  /** @throws BrokerError UNKNOWN_TOPIC_OR_PARTITION */
  require(topic: string): MemoryTopic {
    const found = this.#topics.get(topic)
    if (found === undefined) throw new BrokerError('UNKNOWN_TOPIC_OR_PARTITION')
    return found
  }

  /** @throws BrokerError UNKNOWN_TOPIC_OR_PARTITION */
  log({ topic, partition }: TopicPartition): PartitionLog {
    const log = this.require(topic).logs[partition]
    if (log === undefined) throw new BrokerError('UNKNOWN_TOPIC_OR_PARTITION')
    return log
  }

  /** Leaves a topic that exists alone. @throws BrokerError INVALID_TOPIC_EXCEPTION, INVALID_CONFIG */
  create({ topic, partitions, configs }: TopicSpec): void {
    if (this.#topics.has(topic)) return
    if (!LEGAL_NAME.test(topic)) throw new BrokerError('INVALID_TOPIC_EXCEPTION')
    for (const [name, value] of Object.entries(configs)) checkConfig(name, value)
    const logs = Array.from({ length: partitions }, () => new PartitionLog())
    this.#topics.set(topic, { topic, configs: { ...CONFIG_DEFAULTS, ...configs }, logs })
  }

  /** Does nothing where there are as many. */
  addPartitions(topic: string, partitions: number): void {
    const { logs } = this.require(topic)
    while (logs.length < partitions) logs.push(new PartitionLog())
  }

  delete(topic: string): void {
    const logs = this.#topics.get(topic)?.logs ?? []
    this.#topics.delete(topic)
    for (const log of logs) log.end()
  }

  /** Returns the base offset. @throws BrokerError UNKNOWN_TOPIC_OR_PARTITION, MESSAGE_TOO_LARGE */
  append(batch: PartitionBatch, sentAtMs: number): number {
    const log = this.log(batch)
    const { configs } = this.require(batch.topic)
    const bytes = batch.records.reduce((sum, record) => sum + outgoingBytes(record), BATCH_BYTES)
    if (bytes > Number(configs['max.message.bytes'])) throw new BrokerError('MESSAGE_TOO_LARGE')
    const isStampedHere = configs['message.timestamp.type'] === 'LogAppendTime'
    return log.append(batch.records, sentAtMs, isStampedHere ? this.#nowMs() : undefined)
  }

  /** What is there now, in the order asked for, until the answer is full. */
  fetch({ wanted, maxBytes, partitionMaxBytes }: FetchRequest): readonly FetchedLog[] {
    const fetched: FetchedLog[] = []
    let left = maxBytes
    for (const { tp, from } of wanted) {
      const answer = this.#read(tp, from, Math.min(left, partitionMaxBytes))
      if (answer.bytes > left && left < maxBytes) continue // only the first may be larger than the answer
      left -= answer.bytes
      fetched.push(answer)
    }
    return fetched
  }

  /** As {@link fetch}; where nothing is there, resolves when something is, or when `ended` calls back. */
  fetchOrWait(
    request: FetchRequest,
    ended: (stop: () => void) => void,
  ): readonly FetchedLog[] | Promise<readonly FetchedLog[]> {
    const now = this.fetch(request)
    if (now.some(({ records, error }) => records.length > 0 || error !== undefined)) return now
    return new Promise((resolve) => {
      const stops = request.wanted.map(({ tp }) => this.log(tp).onChange(() => answer()))
      const answer = (): void => {
        this.#waits.delete(answer)
        for (const stop of stops) stop()
        resolve(this.fetch(request))
      }
      this.#waits.add(answer)
      ended(answer)
    })
  }

  /** Answers every fetch that waits, with nothing. */
  endWaits(): void {
    for (const answer of [...this.#waits]) answer()
  }

  #read(tp: TopicPartition, from: number, maxBytes: number): FetchedLog {
    const log = this.#topics.get(tp.topic)?.logs[tp.partition]
    const nothing = { tp, from, records: [], next: from, bytes: 0 }
    if (log === undefined) return { ...nothing, error: new BrokerError('UNKNOWN_TOPIC_OR_PARTITION') }
    if (!log.holds(from)) return { ...nothing, error: new BrokerError('OFFSET_OUT_OF_RANGE') }
    return { tp, from, ...log.read(from, maxBytes) }
  }
}

function checkConfig(name: string, value: string): void {
  if (CONFIG_DEFAULTS[name] === undefined) throw new BrokerError('INVALID_CONFIG', `unknown topic config name: ${name}`)
  const isNumber = /^-?\d+$/.test(CONFIG_DEFAULTS[name])
  if (isNumber && !/^-?\d+$/.test(value)) throw new BrokerError('INVALID_CONFIG', `invalid value ${value} for ${name}`)
}
