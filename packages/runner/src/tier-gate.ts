import type { Clock } from '@towline/contracts'
import type { KafkaRecord } from '@towline/kafka'

/**
 * When the head of a tier partition is due: append time + tier delay, by the wall clock, compared once when it is read.
 * From then the wait is monotonic and at most the tier delay, so that no clock jump makes it early twice or wait for ever.
 */
export class TierGate {
  readonly #tierMs: number
  readonly #clock: Clock
  #head: { readonly offset: number; readonly dueMonotonicMs: number } | undefined

  constructor(tierMs: number, clock: Clock) {
    this.#tierMs = tierMs
    this.#clock = clock
  }

  /** How long `record` must still wait, in milliseconds; 0 when it is due. */
  waitMs(record: KafkaRecord): number {
    const now = this.#clock.monotonicMs()
    if (this.#head?.offset !== record.offset) {
      const waitMs = Math.min(record.timestampMs + this.#tierMs - this.#clock.nowMs(), this.#tierMs)
      if (waitMs <= 0) return 0
      this.#head = { offset: record.offset, dueMonotonicMs: now + waitMs }
    }
    return Math.max(0, this.#head.dueMonotonicMs - now)
  }
}
