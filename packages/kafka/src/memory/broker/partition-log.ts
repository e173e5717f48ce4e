import type { KafkaRecord, OutgoingRecord, RecordHeaders } from '../../ports/record.ts'
import { outgoingBytes } from '../../sender/record-bytes.ts'

interface StoredRecord {
  readonly record: KafkaRecord
  readonly bytes: number
}

export interface LogRead {
  readonly records: readonly KafkaRecord[]
  readonly next: number
  readonly bytes: number
}

/** The records of one partition. No clock: who appends says when. */
export class PartitionLog {
  #records: StoredRecord[] = []
  #low = 0
  #high = 0
  readonly #listeners = new Set<() => void>()

  /** Log start offset. */
  get low(): number {
    return this.#low
  }

  /** The offset of the next record. */
  get high(): number {
    return this.#high
  }

  /** Returns the offset of the first. `appendedAtMs` replaces the time a record says (LogAppendTime). */
  append(records: readonly OutgoingRecord[], nowMs: number, appendedAtMs: number | undefined): number {
    const baseOffset = this.#high
    for (const record of records) {
      const stored = {
        offset: this.#high,
        timestampMs: appendedAtMs ?? record.timestampMs ?? nowMs,
        key: record.key,
        value: record.value,
        headers: storedHeaders(record.headers),
      }
      this.#records.push({ record: stored, bytes: outgoingBytes(record) })
      this.#high += 1
    }
    for (const listener of [...this.#listeners]) listener()
    return baseOffset
  }

  /** At least one record where there is one, more while they fit in `maxBytes`. `from` must be in the log. */
  read(from: number, maxBytes: number): LogRead {
    const records: KafkaRecord[] = []
    let bytes = 0
    for (let at = from - this.#low; at < this.#records.length; at += 1) {
      const stored = this.#records[at]
      if (stored === undefined || (records.length > 0 && bytes + stored.bytes > maxBytes)) break
      records.push(stored.record)
      bytes += stored.bytes
    }
    return { records, next: from + records.length, bytes }
  }

  holds(offset: number): boolean {
    return offset >= this.#low && offset <= this.#high
  }

  /** The first offset whose record is at or after `timestampMs`, or undefined. */
  offsetAt(timestampMs: number): number | undefined {
    return this.#records.find(({ record }) => record.timestampMs >= timestampMs)?.record.offset
  }

  deleteBefore(offset: number): void {
    const low = Math.min(Math.max(offset, this.#low), this.#high)
    this.#records = this.#records.slice(low - this.#low)
    this.#low = low
  }

  /** Told of every append, and of the log's end. Returns what stops that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Its topic is deleted. */
  end(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

function storedHeaders(headers: OutgoingRecord['headers']): RecordHeaders {
  const stored: Record<string, Buffer | null | (Buffer | null)[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    const isOne = value === null || typeof value === 'string' || Buffer.isBuffer(value)
    stored[name] = isOne ? storedValue(value) : (value as readonly (Buffer | string | null)[]).map(storedValue)
  }
  return stored
}

function storedValue(value: Buffer | string | null): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value) : value
}
