import type { KafkaRecord, ReadBatch, ReaderPort } from '@towline/kafka'
import type { PartitionRange } from './replay-plan.ts'

export interface CursorOptions {
  readonly reader: Pick<ReaderPort, 'read'>
  readonly topic: string
  readonly range: PartitionRange
  /** Only records with exactly these key bytes; null = all. */
  readonly key: Buffer | null
  readonly maxBytes: number
  readonly signal: AbortSignal
  /** Called after every batch, matches in it or not. */
  readonly onRead: () => void
}

/** Walks the matching records of one partition. */
export class MatchCursor {
  readonly partition: number
  /** Everything that matches below it was taken. */
  position: number
  /** The next match; undefined until {@link load} found one, and after the last. */
  head: KafkaRecord | undefined
  isEnded = false
  readonly #options: CursorOptions
  readonly #iterator: AsyncIterator<ReadBatch>
  #batch: ReadBatch
  #index = 0

  constructor(options: CursorOptions) {
    const { topic, range, reader, maxBytes, signal } = options
    this.#options = options
    this.partition = range.partition
    this.position = range.from
    this.#batch = { records: [], next: range.from }
    const tp = { topic, partition: range.partition }
    this.#iterator = reader.read({ tp, from: range.from, to: range.to, maxBytes, signal })[Symbol.asyncIterator]()
  }

  /** Moves to the next match, however many batches away; ends at the end of the range or when the signal is aborted. */
  async load(): Promise<void> {
    this.#find()
    while (this.head === undefined && !this.isEnded) {
      const read = await this.#iterator.next()
      if (read.done === true) {
        this.isEnded = true
        if (!this.#options.signal.aborted) this.position = this.#options.range.to
        return
      }
      this.#batch = read.value
      this.#index = 0
      this.#find()
      this.#options.onRead()
    }
  }

  /** Takes `head` and moves on within the batch that was read; past it, {@link load} goes on. */
  take(): KafkaRecord | undefined {
    const taken = this.head
    if (taken === undefined) return undefined
    this.head = undefined
    this.#find()
    return taken
  }

  async close(): Promise<void> {
    await this.#iterator.return?.()
  }

  #find(): void {
    const { records, next } = this.#batch
    while (this.head === undefined && this.#index < records.length) {
      const record = records[this.#index] as KafkaRecord
      this.#index += 1
      if (this.#matches(record)) this.head = record
    }
    this.position = this.head?.offset ?? Math.min(next, this.#options.range.to)
  }

  #matches(record: KafkaRecord): boolean {
    const { key, range } = this.#options
    if (record.offset < range.from || record.offset >= range.to) return false
    return key === null || (record.key !== null && key.equals(record.key))
  }
}
