import { type RecordPosition, TowlineError } from '@towline/contracts'
import type { AdminPort, KafkaRecord, ReaderPort } from '@towline/kafka'
import { given } from '../given.ts'

export interface ScanPorts {
  readonly admin: AdminPort
  readonly reader: ReaderPort
}

/** A record and where it stands. */
export interface FoundRecord {
  readonly topic: string
  readonly partition: number
  readonly record: KafkaRecord
}

export interface ScanRange {
  readonly topic: string
  /** Undefined = all. */
  readonly partition: number | undefined
  /** Records appended or created at or after, epoch milliseconds. */
  readonly sinceMs: number
  readonly signal?: AbortSignal
}

/** Reads ranges of topics without a group, and counts, so that no look-up reads without a bound. */
export class RecordScan {
  readonly #ports: ScanPorts
  readonly #maxRecords: number
  #scanned = 0

  constructor(ports: ScanPorts, maxRecords: number) {
    this.#ports = ports
    this.#maxRecords = maxRecords
  }

  get scannedRecords(): number {
    return this.#scanned
  }

  async partitionCount(topic: string): Promise<number> {
    return (await this.#ports.admin.offsets(topic)).length
  }

  /**
   * The records of a range as it stands now, that `wants` accepts, in offset order per partition.
   *
   * @throws TowlineError TOWLINE_TASK_NOT_FOUND when the bound on records is reached.
   */
  async find(range: ScanRange, wants: (found: FoundRecord) => boolean): Promise<readonly FoundRecord[]> {
    const { topic } = range
    const starts = await this.#ports.admin.offsetsAt(topic, range.sinceMs)
    const found: FoundRecord[] = []
    for (const { partition, low, high } of await this.#ports.admin.offsets(topic)) {
      if (range.partition !== undefined && partition !== range.partition) continue
      const from = Math.max(low, starts.find((start) => start.partition === partition)?.offset ?? low)
      if (from >= high) continue
      const request = { tp: { topic, partition }, from, to: high, ...given({ signal: range.signal }) }
      const batches = this.#ports.reader.read(request)
      for await (const { records } of batches) {
        this.#count(records.length)
        for (const record of records) {
          const candidate = { topic, partition, record }
          if (wants(candidate)) found.push(candidate)
        }
      }
      range.signal?.throwIfAborted()
    }
    return found
  }

  /** The record at a position, or null when the log does not hold it. */
  async at({ topic, partition, offset }: RecordPosition, signal?: AbortSignal): Promise<FoundRecord | null> {
    const range = (await this.#ports.admin.offsets(topic)).find((candidate) => candidate.partition === partition)
    if (range === undefined || offset < range.low || offset >= range.high) return null
    const request = { tp: { topic, partition }, from: offset, to: offset + 1, ...given({ signal }) }
    for await (const { records } of this.#ports.reader.read(request)) {
      this.#count(records.length)
      const record = records.find((candidate) => candidate.offset === offset)
      if (record !== undefined) return { topic, partition, record }
    }
    return null
  }

  #count(records: number): void {
    this.#scanned += records
    if (this.#scanned <= this.#maxRecords) return
    throw new TowlineError(
      'TOWLINE_TASK_NOT_FOUND',
      `the task was not found in the first ${this.#maxRecords} records looked at`,
      {
        value: this.#scanned,
        bound: this.#maxRecords,
        wayOut: 'Narrow the search by its key (--key) or by a later --since, or raise the bound (--scan-limit)',
      },
    )
  }
}
