/**
 * Who takes turns, in the order of their turns. Pure.
 *
 * A Set does the same; but to move one of its members to the end, which happens with every task, it makes new tables.
 */
export class Turns<T> implements Iterable<T> {
  readonly #members = new Set<T>()
  #line: T[] = []

  get size(): number {
    return this.#members.size
  }

  /** Goes to the end of the line, unless it stands in it. */
  add(member: T): void {
    if (this.#members.has(member)) return
    this.#members.add(member)
    this.#line.push(member)
  }

  /**
   * Offers each that stands in line now a turn. `taken`: it goes to the end of the line. `waits`: it keeps its place.
   * `leaves`: it has nothing to do any more.
   */
  round(offer: (member: T) => 'taken' | 'waits' | 'leaves'): void {
    const line = this.#line
    const waiting: T[] = []
    let offered = 0
    this.#line = []
    try {
      for (const member of line) {
        const answer = offer(member)
        offered += 1
        if (answer === 'waits') waiting.push(member)
        else if (answer === 'taken') this.#line.push(member)
        else this.#members.delete(member)
      }
    } finally {
      this.#line = [...waiting, ...line.slice(offered), ...this.#line]
    }
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#line.values()
  }
}
