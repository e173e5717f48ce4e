// What waits to be written to one partition. Pure: no clock, no I/O.
//
//   Q1. Batches leave in the order their records were pushed; nothing overtakes, except that what its guard holds
//       back is overtaken by what may go.
//   Q2. One batch is out at a time. A failed batch goes back to where it was, before everything pushed after it.
//   Q3. Every record leaves once: written, refused, dropped by its guard, or expired.
//   Q4. A guard is asked again each time its record is about to go out.

import type { PartitionBatch } from '../ports/producer-port.ts'
import type { OutgoingRecord, TopicPartition } from '../ports/record.ts'

/** Asked before every attempt to send a record: `hold` asks again at the next `poke`, `drop` gives it up. */
export type SendGuard = () => 'send' | 'hold' | 'drop'

/** A record on its way. */
export interface PendingRecord {
  readonly record: OutgoingRecord
  /** Its place in the order of pushes. */
  readonly sequence: number
  readonly bytes: number
  /** When it is given up, on the monotonic clock. Never earlier than that of a record pushed before. */
  readonly expiresAtMs: number
  readonly guard: SendGuard | undefined
}

export interface BatchLimits {
  readonly records: number
  readonly bytes: number
}

export interface Taken<P extends PendingRecord> {
  /** What to send now; empty when nothing may go. */
  readonly batch: readonly P[]
  /** What its guard gave up. */
  readonly dropped: readonly P[]
}

export class PartitionQueue<P extends PendingRecord = PendingRecord> {
  readonly tp: TopicPartition
  #waiting: P[] = []
  #out: readonly P[] = []
  /** Whether everything waiting is known to be held back until the next poke. */
  #isHeld = false
  /** Most records of the next batch: less than the limit while a batch that was too large is taken apart. */
  #batchRecords = Number.POSITIVE_INFINITY

  constructor(tp: TopicPartition) {
    this.tp = tp
  }

  /** Records here, the batch that is out included. */
  get size(): number {
    return this.#waiting.length + this.#out.length
  }

  /** A batch is out and has not come back. */
  get isOut(): boolean {
    return this.#out.length > 0
  }

  /** Records of the batch that is out. */
  get outCount(): number {
    return this.#out.length
  }

  /** It may have something to send now. */
  get isReady(): boolean {
    return !this.isOut && !this.#isHeld && this.#waiting.length > 0
  }

  push(pending: P): void {
    this.#waiting.push(pending)
    this.#isHeld = false
  }

  /** Guards may answer differently now. */
  poke(): void {
    this.#isHeld = false
  }

  /** The next batch, taken out until {@link finish} or {@link giveBack}. */
  take(limits: BatchLimits): Taken<P> {
    if (!this.isReady) return { batch: [], dropped: [] }
    const selection = this.#select({ ...limits, records: Math.min(limits.records, this.#batchRecords) })
    this.#waiting = selection.kept.concat(this.#waiting.slice(selection.scanned))
    this.#out = selection.batch
    this.#isHeld = selection.batch.length === 0
    return selection
  }

  /** The batch that was out has met its fate, written or refused. */
  finish(): readonly P[] {
    this.#batchRecords = Number.POSITIVE_INFINITY
    return this.#comeBack()
  }

  /** The batch that was out may not be written: it is the next to go again (Q2). */
  giveBack(): void {
    const batch = this.#comeBack()
    const held = this.#waiting.filter((pending) => pending.sequence < (batch.at(-1)?.sequence ?? 0))
    if (held.length === 0) this.#waiting = [...batch, ...this.#waiting]
    else this.#waiting = [...batch, ...this.#waiting].sort((a, b) => a.sequence - b.sequence)
    this.#isHeld = false
  }

  /** As {@link giveBack}, and the next batch has half as many records: one of them may be to blame. */
  giveBackHalved(): void {
    this.#batchRecords = Math.max(1, Math.ceil(this.#out.length / 2))
    this.giveBack()
  }

  /** Takes what is due to be given up. The batch that is out is left alone: its fate is not known. */
  expire(nowMs: number): readonly P[] {
    const firstAlive = this.#waiting.findIndex((pending) => pending.expiresAtMs > nowMs)
    return this.#waiting.splice(0, firstAlive === -1 ? this.#waiting.length : firstAlive)
  }

  /** When {@link expire} would next take something; Infinity when nothing waits. */
  get nextExpiryMs(): number {
    return this.#waiting[0]?.expiresAtMs ?? Number.POSITIVE_INFINITY
  }

  #comeBack(): readonly P[] {
    const batch = this.#out
    this.#out = []
    return batch
  }

  #select(limits: BatchLimits): Taken<P> & { readonly kept: P[]; readonly scanned: number } {
    const batch: P[] = []
    const dropped: P[] = []
    const kept: P[] = []
    const ask = askedOnce()
    let bytes = 0
    let scanned = 0
    for (const pending of this.#waiting) {
      const isFull = batch.length >= limits.records || (batch.length > 0 && bytes + pending.bytes > limits.bytes)
      if (isFull) break
      scanned += 1
      switch (ask(pending.guard)) {
        case 'send':
          batch.push(pending)
          bytes += pending.bytes
          break
        case 'hold':
          kept.push(pending)
          break
        case 'drop':
          dropped.push(pending)
          break
      }
    }
    return { batch, dropped, kept, scanned }
  }
}

/** What guards say now: one that many records in a row share is asked once. */
function askedOnce(): (guard: SendGuard | undefined) => ReturnType<SendGuard> {
  let asked: SendGuard | undefined
  let answer: ReturnType<SendGuard> = 'send'
  return (guard) => {
    if (guard !== asked) {
      asked = guard
      answer = guard?.() ?? 'send'
    }
    return answer
  }
}

/** The batch as the producer port wants it. */
export function partitionBatch(tp: TopicPartition, batch: readonly PendingRecord[]): PartitionBatch {
  return { ...tp, records: batch.map((pending) => pending.record) }
}
