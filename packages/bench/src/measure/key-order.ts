/** Watches that tasks of one key run one at a time and in the order they were published. */
export class KeyOrder {
  readonly #lastOf = new Map<string, number>()
  readonly #running = new Set<string>()
  #broken = 0

  /** Tasks that started beside, or before, one of their key. */
  get broken(): number {
    return this.#broken
  }

  started(key: string, n: number): void {
    if (this.#running.has(key) || n < (this.#lastOf.get(key) ?? -1)) this.#broken += 1
    this.#running.add(key)
    this.#lastOf.set(key, n)
  }

  ended(key: string): void {
    this.#running.delete(key)
  }
}
