import { avroCodec, readEnvelope, type SchemaSource, TaskResult, TowlineError, topicNames } from '@towline/contracts'
import type { AdminPort, PartitionOffsets, ReaderPort } from '@towline/kafka'
import { given } from '../given.ts'
import type { ConsumedTopic } from '../progress/agent-topics.ts'
import { TaskLedger } from './task-ledger.ts'

export interface TaskScanPorts {
  readonly admin: Pick<AdminPort, 'offsets' | 'offsetsAt'>
  readonly reader: Pick<ReaderPort, 'read'>
  readonly schemas: SchemaSource
}

export interface TaskScan {
  readonly agent: string
  readonly namespace: string | undefined
  /** Topics whose records are to be judged, and every tier, into which their tasks may have moved. */
  readonly topics: readonly ConsumedTopic[]
  /** Most records to look at, results included. */
  readonly maxRecords: number
  readonly onProgress: (records: number, ofAtMost: number) => void
  readonly signal?: AbortSignal
}

/** What the log says is left to do. */
export interface ScannedTasks {
  readonly ledger: TaskLedger
  /** By results partition: ends before this moment (epoch milliseconds) may have been deleted. */
  readonly retainedFromMs: ReadonlyMap<number, number>
  readonly resultsPartitions: number
}

/** How far clocks of publishers, runners and brokers may be apart before an end is looked for too late in the log. */
const CLOCK_SLACK_MS = 3_600_000

interface Range extends PartitionOffsets {
  readonly topic: string
}

/**
 * Reads tasks and their ends. Whether a task has ended is told by `.results` alone.
 *
 * @throws TowlineError TOWLINE_OPTION_INVALID when there is more to read than `maxRecords`, before it is read;
 * TOWLINE_REGISTRY_UNAVAILABLE, TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE
 */
export async function scanTasks(ports: TaskScanPorts, scan: TaskScan): Promise<ScannedTasks> {
  const reading = new CountedReading(ports, scan)
  const ledger = new TaskLedger()
  const isTier = new Set(scan.topics.filter(({ kind }) => kind === 'retry').map(({ topic }) => topic))
  const ranges = (await Promise.all(scan.topics.map(({ topic }) => rangesOf(ports, topic)))).flat()
  reading.expect(ranges)
  for (const range of ranges) {
    const tp = { topic: range.topic, partition: range.partition }
    for await (const records of reading.records(range)) {
      for (const { offset, timestampMs, key, headers } of records) {
        const { envelope } = readEnvelope({ ...tp, offset, timestampMs, key, headers })
        ledger.add({ tp, offset, timestampMs, isTier: isTier.has(tp.topic) }, envelope)
      }
    }
  }
  return { ledger, ...(await scanEnds(ports, scan, { reading, ledger })) }
}

async function scanEnds(
  ports: TaskScanPorts,
  { agent, namespace }: TaskScan,
  { reading, ledger }: { readonly reading: CountedReading; readonly ledger: TaskLedger },
): Promise<Omit<ScannedTasks, 'ledger'>> {
  const { results } = topicNames(agent, namespace)
  const codec = avroCodec(TaskResult, ports.schemas)
  const bounds = await rangesOf(ports, results)
  const retainedFromMs = new Map<number, number>()
  if (ledger.unended === 0) return { retainedFromMs, resultsPartitions: bounds.length }
  const starts = await ports.admin.offsetsAt(results, Math.max(0, ledger.earliestMs - CLOCK_SLACK_MS))
  const ranges = bounds.map((range) => {
    const since = starts.find(({ partition }) => partition === range.partition)?.offset ?? range.low
    return { ...range, from: Math.max(range.low, since) }
  })
  reading.expect(ranges.map(({ from, ...range }) => ({ ...range, low: from })))
  for (const { from, ...range } of ranges) {
    if (from === range.low && from > 0) retainedFromMs.set(range.partition, Number.POSITIVE_INFINITY)
    for await (const records of reading.records({ ...range, low: from })) {
      const [first] = records
      if (retainedFromMs.get(range.partition) === Number.POSITIVE_INFINITY && first !== undefined) {
        retainedFromMs.set(range.partition, first.timestampMs)
      }
      for (const { key, value } of records) {
        const taskId = key?.toString('latin1') ?? ''
        if (!ledger.knows(taskId)) continue
        const decoded = await codec.decode(value)
        if (decoded.kind === 'decoded' && decoded.value.taskId === taskId) ledger.addEnd(taskId, decoded.value.life)
      }
      if (ledger.unended === 0) return { retainedFromMs, resultsPartitions: bounds.length }
    }
  }
  return { retainedFromMs, resultsPartitions: bounds.length }
}

async function rangesOf({ admin }: TaskScanPorts, topic: string): Promise<readonly Range[]> {
  return (await admin.offsets(topic)).map((bounds) => ({ topic, ...bounds }))
}

/** Reads ranges and says how far it is; refuses more than it may. */
class CountedReading {
  readonly #ports: TaskScanPorts
  readonly #scan: TaskScan
  #expected = 0
  #read = 0

  constructor(ports: TaskScanPorts, scan: TaskScan) {
    this.#ports = ports
    this.#scan = scan
  }

  expect(ranges: readonly Range[]): void {
    this.#expected += ranges.reduce((sum, { low, high }) => sum + (high - low), 0)
    const { maxRecords } = this.#scan
    if (this.#expected <= maxRecords) return
    throw new TowlineError(
      'TOWLINE_OPTION_INVALID',
      `up to ${this.#expected} records would have to be looked at, more than the ${maxRecords} allowed`,
      {
        value: this.#expected,
        bound: maxRecords,
        wayOut: 'Raise --scan-limit, restore one topic at a time (--topic), or say where to go on (--to)',
      },
    )
  }

  async *records({ topic, partition, low, high }: Range) {
    const { signal, onProgress } = this.#scan
    signal?.throwIfAborted()
    if (low >= high) return
    for await (const { records } of this.#ports.reader.read({
      tp: { topic, partition },
      from: low,
      to: high,
      ...given({ signal }),
    })) {
      this.#read += records.length
      onProgress(this.#read, this.#expected)
      yield records
    }
    signal?.throwIfAborted()
  }
}
