import { type Clock, type Logger, type SchemaSource, TowlineError } from '@towline/contracts'
import CircuitBreaker from 'opossum'
import { systemClock } from '../system-clock.ts'
import { LookupCache } from './lookup-cache.ts'
import { type RegistryCredentials, registryAddress } from './registry-address.ts'
import { type CompatibilityLevel, RegistryCalls } from './registry-calls.ts'
import { classifyRegistryError, registryUnavailable } from './registry-failure.ts'

export interface SchemaRegistryOptions {
  /** For example `http://127.0.0.1:8081`; credentials in it are taken out and never shown. */
  readonly url: string
  /** HTTP basic authentication. */
  readonly auth?: RegistryCredentials
  /** Longest one call may take, retries included. Default 5,000. */
  readonly timeoutMs?: number
  readonly log?: Logger
  readonly clock?: Clock
}

/** A schema registry that speaks Confluent's HTTP, behind a cache and a circuit breaker. */
export interface RegistryClient extends SchemaSource, AsyncDisposable {
  /**
   * Registers a schema under a subject and returns its id; the same schema has the same id again. A subject that has no
   * compatibility level of its own gets FULL_TRANSITIVE.
   *
   * @throws TowlineError TOWLINE_SCHEMA_INCOMPATIBLE, TOWLINE_SCHEMA_INVALID, TOWLINE_REGISTRY_UNAVAILABLE
   */
  register(subject: string, schemaText: string): Promise<number>
  /** Sets the compatibility level of a subject. @throws TowlineError TOWLINE_REGISTRY_UNAVAILABLE */
  ensureCompatibility(subject: string, level: CompatibilityLevel): Promise<void>
  /**
   * The compatibility level that holds for a subject, in the registry's words; the registry's own where the subject has
   * none, and for a subject that does not exist.
   *
   * @throws TowlineError TOWLINE_REGISTRY_UNAVAILABLE
   */
  compatibilityOf(subject: string): Promise<string>
  /** Stops its timers. What is cached is served on; anything else is refused as unavailable. */
  close(): Promise<void>
}

const DEFAULT_TIMEOUT_MS = 5_000
/** Soon enough for a publisher whose schema was pushed just now, long enough that a flood of bad ids is not passed on. */
const NEGATIVE_TTL_MS = 2_000
const MAX_CACHED = 10_000
const BREAKER_WINDOW_MS = 10_000
const BREAKER_RESET_MS = 2_000
const BREAKER_VOLUME = 5

/** @throws TowlineError TOWLINE_OPTION_INVALID when the address is no http or https URL. */
export function createSchemaRegistry(options: SchemaRegistryOptions): RegistryClient {
  return new CachedRegistry(options)
}

type Lookup<T> = () => Promise<T>

class CachedRegistry implements RegistryClient {
  readonly #url: string
  readonly #calls: RegistryCalls
  readonly #breaker: CircuitBreaker<[Lookup<string | number | null>], string | number | null>
  readonly #texts: LookupCache<number, string>
  readonly #ids: LookupCache<string, number>
  readonly #log: Logger | undefined

  constructor(options: SchemaRegistryOptions) {
    const address = registryAddress(options.url, options.auth)
    this.#url = address.url
    this.#log = options.log
    this.#calls = new RegistryCalls({ address, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS })
    const cache = {
      clock: options.clock ?? systemClock,
      negativeTtlMs: NEGATIVE_TTL_MS,
      maxEntries: MAX_CACHED,
    }
    this.#texts = new LookupCache(cache)
    this.#ids = new LookupCache(cache)
    this.#breaker = this.#newBreaker()
  }

  schemaOf(id: number): Promise<string | null> {
    return this.#texts.get(id, () => this.#lookUp(() => this.#calls.schemaText(id)))
  }

  idOf(subject: string, schemaText: string): Promise<number | null> {
    const key = idKey(subject, schemaText)
    return this.#ids.get(key, () => this.#lookUp(() => this.#calls.idOf(subject, schemaText)))
  }

  async register(subject: string, schemaText: string): Promise<number> {
    try {
      const id = await this.#calls.register(subject, schemaText, 'FULL_TRANSITIVE')
      this.#ids.set(idKey(subject, schemaText), id)
      return id
    } catch (error) {
      throw this.#registrationError(subject, error)
    }
  }

  async ensureCompatibility(subject: string, level: CompatibilityLevel): Promise<void> {
    try {
      await this.#calls.setCompatibility(subject, level)
    } catch (error) {
      throw registryUnavailable(this.#url, error)
    }
  }

  async compatibilityOf(subject: string): Promise<string> {
    try {
      return await this.#calls.compatibilityOf(subject)
    } catch (error) {
      throw registryUnavailable(this.#url, error)
    }
  }

  async close(): Promise<void> {
    this.#breaker.shutdown()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #lookUp<T extends string | number>(lookup: Lookup<T | null>): Promise<T | null> {
    try {
      return (await this.#breaker.fire(lookup)) as T | null
    } catch (error) {
      switch (classifyRegistryError(error)) {
        case 'not-found':
          return null
        case 'not-avro':
        case 'invalid':
        case 'incompatible':
          this.#log?.warn({ registry: this.#url, error }, 'the registry holds a schema that is not usable Avro')
          return null
        case 'unavailable':
          throw registryUnavailable(this.#url, error)
      }
    }
  }

  #newBreaker(): CircuitBreaker<[Lookup<string | number | null>], string | number | null> {
    const breaker = new CircuitBreaker((lookup: Lookup<string | number | null>) => lookup(), {
      name: 'schema-registry',
      timeout: false,
      errorThresholdPercentage: 50,
      volumeThreshold: BREAKER_VOLUME,
      rollingCountTimeout: BREAKER_WINDOW_MS,
      resetTimeout: BREAKER_RESET_MS,
      rollingPercentilesEnabled: false,
      errorFilter: (error: unknown) => classifyRegistryError(error) !== 'unavailable',
    })
    breaker.on('open', () => this.#log?.warn({ registry: this.#url }, 'the schema registry fails: asking less often'))
    breaker.on('close', () => this.#log?.info({ registry: this.#url }, 'the schema registry answers again'))
    return breaker
  }

  #registrationError(subject: string, error: unknown): TowlineError {
    const message = error instanceof Error ? error.message : String(error)
    switch (classifyRegistryError(error)) {
      case 'incompatible':
        return new TowlineError(
          'TOWLINE_SCHEMA_INCOMPATIBLE',
          `the registry refused a schema of ${subject}: ${message}`,
          {
            value: subject,
            wayOut: 'Evolve the schema so that old and new readers both can read it (see schemas/README.md)',
            cause: error,
          },
        )
      case 'invalid':
      case 'not-avro':
      case 'not-found':
        return new TowlineError('TOWLINE_SCHEMA_INVALID', `the registry refused a schema of ${subject}: ${message}`, {
          value: subject,
          wayOut: 'Correct the schema',
          cause: error,
        })
      case 'unavailable':
        return registryUnavailable(this.#url, error)
    }
  }
}

function idKey(subject: string, schemaText: string): string {
  return JSON.stringify([subject, schemaText])
}
