import { type Clock, TowlineError } from '@towline/contracts'
import { LookupCache } from '../registry/lookup-cache.ts'
import type { RegistryClient } from '../registry/registry-client.ts'

const NEGATIVE_TTL_MS = 2_000
const MAX_CACHED = 10_000
const REGISTRY_LEVEL = 'BACKWARD'
const SUBJECT_LEVEL = 'FULL_TRANSITIVE'

/** A schema registry in the memory of this process: ids by text, and no check of compatibility. */
export class MemoryRegistry {
  readonly #ids = new Map<string, number>()
  readonly #texts: string[] = []
  readonly #registered = new Set<string>()
  readonly #levels = new Map<string, string>()
  #isOut = false

  /** Nothing is answered while it is out. What a client has cached serves on. */
  setOutage(isOut: boolean): void {
    this.#isOut = isOut
  }

  /** A client with a cache of its own, as each process has one. */
  client(clock: Clock): RegistryClient {
    const cache = { clock, negativeTtlMs: NEGATIVE_TTL_MS, maxEntries: MAX_CACHED }
    const texts = new LookupCache<number, string>(cache)
    const ids = new LookupCache<string, number>(cache)
    const close = async (): Promise<void> => {}
    return {
      schemaOf: (id) => texts.get(id, async () => this.#reach().#texts[id - 1] ?? null),
      idOf: (subject, text) => ids.get(`${subject} ${text}`, async () => this.#reach().#idOf(subject, text)),
      register: async (subject, text) => this.#reach().#register(subject, text),
      ensureCompatibility: async (subject, level) => {
        this.#reach().#levels.set(subject, level)
      },
      compatibilityOf: async (subject) => this.#reach().#levels.get(subject) ?? REGISTRY_LEVEL,
      close,
      [Symbol.asyncDispose]: close,
    }
  }

  #reach(): this {
    if (!this.#isOut) return this
    throw new TowlineError('TOWLINE_REGISTRY_UNAVAILABLE', 'the schema registry in memory did not answer: it is out', {
      value: 'memory',
      retriable: true,
    })
  }

  #idOf(subject: string, text: string): number | null {
    return this.#registered.has(`${subject} ${text}`) ? (this.#ids.get(text) ?? null) : null
  }

  #register(subject: string, text: string): number {
    this.#registered.add(`${subject} ${text}`)
    if (!this.#levels.has(subject)) this.#levels.set(subject, SUBJECT_LEVEL)
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    this.#texts.push(text)
    this.#ids.set(text, this.#texts.length)
    return this.#texts.length
  }
}
