interface Waiting<V> {
  readonly ready: (value: V) => void
  readonly failed: (error: unknown) => void
}

/**
 * An answer that is asked for once, when it is first needed. Callers are served in the order they came, also where some
 * had to wait and others came after the answer: with promises alone the latter may get ahead. A failure is for those
 * who waited; the next caller asks again.
 */
export class OrderedAnswer<V extends NonNullable<unknown>> {
  readonly #ask: () => Promise<V>
  readonly #waiting: Waiting<V>[] = []
  #known: V | undefined
  #isAsking = false

  constructor(ask: () => Promise<V>) {
    this.#ask = ask
  }

  /** The answer where it is known and nobody waits for it any more: who takes it from here is not ahead of anybody. */
  get known(): V | undefined {
    return this.#known
  }

  /** Calls `ready` now where the answer is known, else when it comes. Neither callback may throw. */
  use(ready: (value: V) => void, failed: (error: unknown) => void): void {
    if (this.#known !== undefined) {
      ready(this.#known)
      return
    }
    this.#waiting.push({ ready, failed })
    if (!this.#isAsking) void this.#answer()
  }

  /** Takes the place of an answer that is known. */
  replace(value: V): void {
    this.#known = value
  }

  async #answer(): Promise<void> {
    this.#isAsking = true
    try {
      const value = await this.#ask()
      for (const { ready } of this.#serve()) ready(value)
      this.#known = value
    } catch (error) {
      for (const { failed } of this.#serve()) failed(error)
    }
    this.#isAsking = false
  }

  /** Those who wait, including any who come while earlier ones are being served. */
  *#serve(): Iterable<Waiting<V>> {
    yield* this.#waiting
    this.#waiting.length = 0
  }
}
