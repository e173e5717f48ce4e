interface Span {
  readonly first: number
  /** Of its last record: further lives, and repeats. */
  last: number
}

/**
 * Where the first end of each task stands among the records a tail has read lately. Every task with a record at or
 * after `from` is in it; it is bounded: the oldest task goes first, and `from` moves past all its records.
 */
export class EndIndex {
  readonly #spans = new Map<string, Span>()
  readonly #maxEntries: number
  #from: number

  constructor(from: number, maxEntries: number) {
    this.#from = from
    this.#maxEntries = maxEntries
  }

  get from(): number {
    return this.#from
  }

  /** Takes the records of a partition in order. */
  add(taskId: string, offset: number): void {
    const span = this.#spans.get(taskId)
    if (span !== undefined) {
      span.last = offset
      return
    }
    this.#spans.set(taskId, { first: offset, last: offset })
    if (this.#spans.size <= this.#maxEntries) return
    for (const [oldest, { last }] of this.#spans) {
      this.#spans.delete(oldest)
      this.#from = Math.max(this.#from, last + 1)
      break
    }
  }

  /** The offset of a record of this task with none of it between `from` and there, or undefined: it has none since. */
  offsetOf(taskId: string): number | undefined {
    return this.#spans.get(taskId)?.first
  }
}
