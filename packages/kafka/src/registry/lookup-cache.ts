import type { Clock } from '@towline/contracts'

export interface LookupCacheOptions {
  readonly clock: Clock
  /** How long "there is none" is believed, milliseconds. */
  readonly negativeTtlMs: number
  /** Most answers kept of either kind; the oldest goes first. */
  readonly maxEntries: number
}

/**
 * Remembers what was looked up: found for ever, not found for a while, failed not at all. Callers that ask for the same
 * while it is being looked up share one look-up.
 */
export class LookupCache<K, V> {
  readonly #options: LookupCacheOptions
  readonly #found = new Map<K, V>()
  readonly #missingUntilMs = new Map<K, number>()
  readonly #asking = new Map<K, Promise<V | null>>()

  constructor(options: LookupCacheOptions) {
    this.#options = options
  }

  /** The answer for `key`, or null where there is none. Rejects as `lookUp` does. */
  get(key: K, lookUp: () => Promise<V | null>): Promise<V | null> {
    const found = this.#found.get(key)
    if (found !== undefined) return Promise.resolve(found)
    if ((this.#missingUntilMs.get(key) ?? 0) > this.#options.clock.monotonicMs()) return Promise.resolve(null)
    const asked = this.#asking.get(key)
    if (asked !== undefined) return asked
    const asking = this.#ask(key, lookUp).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  set(key: K, value: V): void {
    remember(this.#found, key, value, this.#options.maxEntries)
  }

  async #ask(key: K, lookUp: () => Promise<V | null>): Promise<V | null> {
    const value = await lookUp()
    if (value !== null) this.set(key, value)
    else {
      const untilMs = this.#options.clock.monotonicMs() + this.#options.negativeTtlMs
      remember(this.#missingUntilMs, key, untilMs, this.#options.maxEntries)
    }
    return value
  }
}

function remember<K, V>(map: Map<K, V>, key: K, value: V, maxEntries: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= maxEntries) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    break
  }
}
