// The log of one partition, in memory: whole batches, in offset order.
//   L1. Offsets are dense: a batch starts where the one before it ended.
//   L2. startOffset and endOffset never move back.
//   L3. read(o) never returns a batch that ends before o, and always the one that holds o.

import { type BatchHeader, placeBatch, stampLogAppendTime } from './record-batch.ts'
import { firstRecordSince, type TimestampedOffset } from './record-timestamps.ts'

interface StoredBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly maxTimestampMs: number
  readonly bytes: Buffer
}

export interface Appended {
  readonly baseOffset: number
  /** −1 unless the topic uses LogAppendTime. */
  readonly logAppendTimeMs: number
}

/** Told of every append (its size) and of the end of the log: topic deleted. */
export type LogWatcher = (
  event: { readonly kind: 'appended'; readonly bytes: number } | { readonly kind: 'closed' },
) => void

export class PartitionLog {
  #batches: StoredBatch[] = []
  #startOffset = 0
  #endOffset = 0
  #sizeBytes = 0
  #isClosed = false
  readonly #watchers = new Set<LogWatcher>()

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

  /** Appends an admitted batch. Takes ownership of `bytes` and writes into its header. */
  append(bytes: Buffer, header: BatchHeader, usesLogAppendTime: boolean, nowMs: number): Appended {
    const baseOffset = this.#endOffset
    placeBatch(bytes, baseOffset)
    if (usesLogAppendTime) stampLogAppendTime(bytes, nowMs)
    const lastOffset = baseOffset + header.lastOffsetDelta
    this.#batches.push({
      baseOffset,
      lastOffset,
      maxTimestampMs: usesLogAppendTime ? nowMs : header.maxTimestampMs,
      bytes,
    })
    this.#endOffset = lastOffset + 1 // L1
    this.#sizeBytes += bytes.length
    for (const watch of this.#watchers) watch({ kind: 'appended', bytes: bytes.length })
    return { baseOffset, logAppendTimeMs: usesLogAppendTime ? nowMs : -1 }
  }

  /**
   * Batches from the one that holds `offset` on, up to `maxBytes` in all.
   * With `evenIfTooLarge` the first is returned whatever its size, so that no reader can get stuck before it.
   */
  read(offset: number, maxBytes: number, evenIfTooLarge: boolean): Buffer[] {
    const found: Buffer[] = []
    let total = 0
    for (let i = this.#indexOf(offset); i < this.#batches.length; i++) {
      const { bytes } = this.#batches[i] as StoredBatch
      if (total + bytes.length > maxBytes && !(evenIfTooLarge && total === 0)) break
      found.push(bytes)
      total += bytes.length
    }
    return found
  }

  /** The first record at or after a time, or null when every record is older. */
  offsetForTimestamp(timestampMs: number): TimestampedOffset | null {
    for (const batch of this.#batches) {
      if (batch.maxTimestampMs < timestampMs) continue
      const found = firstRecordSince(batch.bytes, timestampMs, this.#startOffset)
      if (found !== null) return found
    }
    return null
  }

  /** Moves the start of the log to `offset`, which must lie within it; batches wholly before it are freed. */
  truncateBefore(offset: number): void {
    this.#startOffset = Math.max(this.#startOffset, offset) // L2
    const keepFrom = this.#indexOf(this.#startOffset)
    if (keepFrom === 0) return
    for (const batch of this.#batches.slice(0, keepFrom)) this.#sizeBytes -= batch.bytes.length
    this.#batches = this.#batches.slice(keepFrom)
  }

  /** Frees whole batches from the start: those last written before `olderThanMs`, and those beyond `maxBytes` in all. */
  retain(olderThanMs: number, maxBytes: number): void {
    let excessBytes = this.#sizeBytes - maxBytes
    let newStart = this.#startOffset
    for (const batch of this.#batches) {
      const isExpired = batch.maxTimestampMs < olderThanMs
      if (!isExpired && excessBytes < batch.bytes.length) break
      excessBytes -= batch.bytes.length
      newStart = batch.lastOffset + 1
    }
    if (newStart !== this.#startOffset) this.truncateBefore(newStart)
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
    for (const watch of this.#watchers) watch({ kind: 'closed' })
    this.#watchers.clear()
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
