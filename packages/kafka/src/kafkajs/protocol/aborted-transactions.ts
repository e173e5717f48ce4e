export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

/** A marker's key, (version i16, type i16), stands after its length, attributes, two deltas and key length: one byte each. */
const MARKER_TYPE_AT = 5 + 2
const ABORT = 0

/**
 * Which transactional batches of one fetched partition belong to aborted transactions. The broker lists those that
 * reach into the fetched range; each ends at its abort marker, a control batch of its producer
 * (https://kafka.apache.org/documentation/#controlbatch).
 */
export class AbortedTransactions {
  readonly #waiting: AbortedTransaction[]
  readonly #open = new Set<bigint>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset)
  }

  covers(producerId: bigint, lastOffset: number): boolean {
    this.#openUpTo(lastOffset)
    return this.#open.has(producerId)
  }

  /** `marker` is the one record of a control batch. */
  sawMarker(producerId: bigint, offset: number, marker: Buffer): void {
    this.#openUpTo(offset)
    const type = marker.length >= MARKER_TYPE_AT + 2 ? marker.readInt16BE(MARKER_TYPE_AT) : -1
    if (type === ABORT) this.#open.delete(producerId)
  }

  #openUpTo(offset: number): void {
    while (this.#waiting[0] !== undefined && this.#waiting[0].firstOffset <= offset) {
      this.#open.add(this.#waiting[0].producerId)
      this.#waiting.shift()
    }
  }
}
