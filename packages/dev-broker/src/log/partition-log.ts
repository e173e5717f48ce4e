// The log of one partition: whole batches, in offset order. Where their bytes are is its store's business.
//   L1. Offsets are dense: a batch starts where the one before it ended.
//   L2. startOffset and endOffset never move back.
//   L3. read(o) never returns a batch that ends before o, and always the one that holds o.

import { type BatchStore, IN_MEMORY, type StoredBatch } from './batch-store.ts'
import { type BatchHeader, placeBatch, stampLogAppendTime } from './record-batch.ts'
import { firstRecordSince, type TimestampedOffset } from './record-timestamps.ts'

export interface Appended {
  readonly baseOffset: number
  /** −1 unless the topic uses LogAppendTime. */
  readonly logAppendTimeMs: number
}

/** Told of every append (its size), and of whatever else a reader must look at: topic deleted, leader moved. */
export type LogWatcher = (
  event: { readonly kind: 'appended'; readonly bytes: number } | { readonly kind: 'changed' },
) => void

export class PartitionLog {
  readonly #store: BatchStore
  #batches: StoredBatch[] = []
  #startOffset = 0
  #endOffset = 0
  #sizeBytes = 0
  #isClosed = false
  readonly #watchers = new Set<LogWatcher>()

  constructor(store: BatchStore = IN_MEMORY) {
    this.#store = store
  }

  get startOffset(): number {
    return this.#startOffset
  }

  /** The next offset to be written; with one replica and no transactions also high watermark and last stable offset. */
  get endOffset(): number {
    return this.#endOffset
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether `offset` may be read from: one of its records, or the end. */
  holds(offset: number): boolean {
    return offset >= this.#startOffset && offset <= this.#endOffset
  }

  /** Goes on with what its store kept, but for what was truncated. */
  recover(): void {
    this.#batches = [...this.#store.recover(this.#startOffset)]
    this.#sizeBytes = this.#batches.reduce((total, batch) => total + batch.sizeBytes, 0)
    this.#endOffset = Math.max(this.#startOffset, (this.#batches.at(-1)?.lastOffset ?? -1) + 1)
    this.truncateBefore(this.#batches[0]?.baseOffset ?? 0)
  }

  /**
   * Appends an admitted batch. Takes ownership of `bytes` and writes into its header.
   * @throws StorageError when the store cannot keep it: nothing is appended then
   */
  append(bytes: Buffer, header: BatchHeader, usesLogAppendTime: boolean, nowMs: number): Appended {
    const baseOffset = this.#endOffset
    placeBatch(bytes, baseOffset)
    if (usesLogAppendTime) stampLogAppendTime(bytes, nowMs)
    const lastOffset = baseOffset + header.lastOffsetDelta
    const maxTimestampMs = usesLogAppendTime ? nowMs : header.maxTimestampMs
    const place = this.#store.append(baseOffset, bytes)
    this.#batches.push({ baseOffset, lastOffset, maxTimestampMs, sizeBytes: bytes.length, place })
    this.#endOffset = lastOffset + 1 // L1
    this.#sizeBytes += bytes.length
    for (const watch of this.#watchers) watch({ kind: 'appended', bytes: bytes.length })
    return { baseOffset, logAppendTimeMs: usesLogAppendTime ? nowMs : -1 }
  }

  /**
   * Batches from the one that holds `offset` on, up to `maxBytes` in all; a buffer may hold several.
   * With `evenIfTooLarge` the first is returned whatever its size, so that no reader can get stuck before it.
   */
  read(offset: number, maxBytes: number, evenIfTooLarge: boolean): Buffer[] {
    const first = this.#indexOf(offset)
    let end = first
    for (let total = 0; end < this.#batches.length; end++) {
      total += (this.#batches[end] as StoredBatch).sizeBytes
      if (total > maxBytes && !(evenIfTooLarge && end === first)) break
    }
    return this.#store.read(this.#batches.slice(first, end))
  }

  /** The first record at or after a time, or null when every record is older. */
  offsetForTimestamp(timestampMs: number): TimestampedOffset | null {
    for (const batch of this.#batches) {
      if (batch.maxTimestampMs < timestampMs) continue
      const [bytes] = this.#store.read([batch])
      const found = bytes === undefined ? null : firstRecordSince(bytes, timestampMs, this.#startOffset)
      if (found !== null) return found
    }
    return null
  }

  /** Moves the start of the log to `offset`, which must lie within it; batches wholly before it are freed. */
  truncateBefore(offset: number): void {
    this.#startOffset = Math.max(this.#startOffset, offset) // L2
    const keepFrom = this.#indexOf(this.#startOffset)
    if (keepFrom === 0) return
    for (const batch of this.#batches.slice(0, keepFrom)) this.#sizeBytes -= batch.sizeBytes
    this.#batches = this.#batches.slice(keepFrom)
    this.#store.truncateBefore(this.#startOffset, this.#endOffset)
  }

  /** Where the log would start without whole batches last written before `olderThanMs`, or beyond `maxBytes` in all. */
  retainedFrom(olderThanMs: number, maxBytes: number): number {
    let excessBytes = this.#sizeBytes - maxBytes
    let newStart = this.#startOffset
    for (const batch of this.#batches) {
      const isExpired = batch.maxTimestampMs < olderThanMs
      if (!isExpired && excessBytes < batch.sizeBytes) break
      excessBytes -= batch.sizeBytes
      newStart = batch.lastOffset + 1
    }
    return newStart
  }

  /** Calls `watcher` until the returned function is called. */
  watch(watcher: LogWatcher): () => void {
    this.#watchers.add(watcher)
    return () => {
      this.#watchers.delete(watcher)
    }
  }

  /** The topic is gone: frees the batches and tells the watchers. */
  close(): void {
    this.#isClosed = true
    this.#batches = []
    this.#sizeBytes = 0
    this.wakeReaders()
    this.#watchers.clear()
  }

  /** Whoever waits for appends is to ask again. */
  wakeReaders(): void {
    for (const watch of this.#watchers) watch({ kind: 'changed' })
  }

  #indexOf(offset: number): number {
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#batches[middle] as StoredBatch).lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
