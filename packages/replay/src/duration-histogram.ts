/** Percentiles are within 5 %, the rest is exact. Milliseconds. */
export interface Durations {
  readonly count: number
  readonly minMs: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Each bucket is 5 % wider than the one before; a year of milliseconds takes about 500. */
const GROWTH = Math.log(1.05)

/** Durations of any number of tasks in bounded memory. Pure. */
export class DurationHistogram {
  readonly #buckets = new Map<number, number>()
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0

  /** Clocks of two machines may disagree: less than nothing counts as nothing. */
  add(durationMs: number): void {
    const clamped = Math.max(0, durationMs)
    const bucket = Math.round(Math.log1p(clamped) / GROWTH)
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1)
    this.#count += 1
    this.#sum += clamped
    this.#min = Math.min(this.#min, clamped)
    this.#max = Math.max(this.#max, clamped)
  }

  /** Null while nothing was added. */
  summary(): Durations | null {
    if (this.#count === 0) return null
    const ordered = [...this.#buckets].sort(([a], [b]) => a - b)
    return {
      count: this.#count,
      minMs: this.#min,
      meanMs: this.#sum / this.#count,
      p50Ms: this.#percentile(ordered, 0.5),
      p95Ms: this.#percentile(ordered, 0.95),
      p99Ms: this.#percentile(ordered, 0.99),
      maxMs: this.#max,
    }
  }

  #percentile(ordered: readonly (readonly [bucket: number, count: number])[], share: number): number {
    let left = Math.ceil(this.#count * share)
    for (const [bucket, count] of ordered) {
      left -= count
      if (left <= 0) return Math.min(this.#max, Math.max(this.#min, Math.expm1(bucket * GROWTH)))
    }
    return this.#max
  }
}
