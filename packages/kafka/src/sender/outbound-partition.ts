import type { TopicPartition } from '../ports/record.ts'
import { PartitionQueue, type PendingRecord } from './partition-queue.ts'

export interface Backoff {
  /** Wait after the first failure; doubles with each further one up to `maxMs`. */
  readonly firstMs: number
  readonly maxMs: number
}

/** A partition with records on their way: their queue, and when it may be tried again. It exists only while it has some. */
export class OutboundPartition<P extends PendingRecord> {
  readonly queue: PartitionQueue<P>
  readonly #backoff: Backoff
  #failures = 0
  #retryAtMs = 0
  #lastError: Error | undefined

  constructor(tp: TopicPartition, backoff: Backoff) {
    this.queue = new PartitionQueue(tp)
    this.#backoff = backoff
  }

  get tp(): TopicPartition {
    return this.queue.tp
  }

  get lastError(): Error | undefined {
    return this.#lastError
  }

  mayGo(nowMs: number): boolean {
    return this.queue.isReady && this.#retryAtMs <= nowMs
  }

  /** The next moment something is to be done here without a push, poke or answer; Infinity when there is none. */
  wakeAtMs(nowMs: number): number {
    const waitsForRetry = this.queue.isReady && this.#retryAtMs > nowMs
    return Math.min(this.queue.nextExpiryMs, waitsForRetry ? this.#retryAtMs : Number.POSITIVE_INFINITY)
  }

  backOff(error: Error, nowMs: number): void {
    this.#retryAtMs = nowMs + Math.min(this.#backoff.firstMs * 2 ** this.#failures, this.#backoff.maxMs)
    this.#failures += 1
    this.#lastError = error
  }

  recover(): void {
    this.#failures = 0
  }
}
