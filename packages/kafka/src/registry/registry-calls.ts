import { type COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import type { RegistryAddress } from './registry-address.ts'
import { classifyRegistryError } from './registry-failure.ts'
import { type JsonObject, RegistryHttp, RegistryNonsense } from './registry-http.ts'

// What is asked of a registry, each call bounded in time.
// Look-ups are requests of our own: a record's fate hangs on them, and @kafkajs/confluent-schema-registry 4.1.0 takes any
// 404 for "there is no such schema" and any 200 for an answer, a proxy's error page included. Registering, and schemas
// that refer to others, go through the library. It waits for ever: for a registry that accepts and is silent, and for an
// answer cut off half-way, in which case every later request for that id would wait with it. So each call has a deadline
// here, and a client whose call ran out of time is thrown away. Two things are left as they are: its `retry` option is
// not used because it changes the defaults of every client in the process, and an error whose body is the JSON `null`
// rejects inside the library unheard.

type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]['middlewares']>[number]

export type CompatibilityLevel = 'NONE' | 'BACKWARD' | 'FULL_TRANSITIVE'

export interface RegistryCallOptions {
  readonly address: RegistryAddress
  readonly timeoutMs: number
}

export class RegistryCalls {
  readonly #options: RegistryCallOptions
  readonly #http: RegistryHttp
  #client: SchemaRegistry

  constructor(options: RegistryCallOptions) {
    this.#options = options
    this.#http = new RegistryHttp(options)
    this.#client = newClient(options)
  }

  /** The text of a schema, or null where it is not Avro. */
  async schemaText(id: number): Promise<string | null> {
    const { schema, schemaType, references } = await this.#http.get('schemas', 'ids', String(id))
    if (typeof schema !== 'string') throw new RegistryNonsense(200, 'no schema in the answer')
    if (schemaType !== undefined && schemaType !== 'AVRO') return null
    return Array.isArray(references) && references.length > 0 ? await this.#textWithReferences(id) : schema
  }

  async idOf(subject: string, schemaText: string): Promise<number> {
    return idIn(await this.#http.post({ schema: schemaText }, 'subjects', subject))
  }

  async register(subject: string, schemaText: string, compatibility: CompatibilityLevel): Promise<number> {
    const options = { subject, compatibility: compatibility as COMPATIBILITY }
    return idIn({ ...(await this.#bounded((client) => client.register(avro(schemaText), options))) })
  }

  /** The level that holds for a subject: its own, or where it has none the registry's. */
  async compatibilityOf(subject: string): Promise<string> {
    const { compatibilityLevel } = await this.#http
      .get('config', subject)
      .catch((error: unknown) =>
        classifyRegistryError(error) === 'not-found' ? this.#http.get('config') : Promise.reject(error as Error),
      )
    if (typeof compatibilityLevel !== 'string') throw new RegistryNonsense(200, 'no compatibilityLevel in the answer')
    return compatibilityLevel
  }

  /** Sets the level of one subject. The library has no public call for it. */
  async setCompatibility(subject: string, level: CompatibilityLevel): Promise<void> {
    await this.#http.put({ compatibility: level }, 'config', subject)
  }

  async #textWithReferences(id: number): Promise<string | null> {
    const schema = await this.#bounded((client) => client.getSchema(id))
    return 'schema' in schema && typeof schema.schema === 'function'
      ? JSON.stringify(schema.schema({ exportAttrs: true }))
      : null
  }

  async #bounded<T>(call: (client: SchemaRegistry) => Promise<T>): Promise<T> {
    const client = this.#client
    const { timeoutMs } = this.#options
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      if (this.#client === client) this.#client = newClient(this.#options)
      late.reject(new Error(`no answer within ${timeoutMs} ms`))
    }, timeoutMs)
    try {
      return await Promise.race([call(client), late.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}

function newClient({ address, timeoutMs }: RegistryCallOptions): SchemaRegistry {
  const socketTimeout: Middleware = () => ({
    prepareRequest: async (next) => (await next()).enhance({ timeout: timeoutMs }),
  })
  return new SchemaRegistry({
    host: address.url,
    clientId: 'towline',
    middlewares: [socketTimeout],
    ...(address.credentials === undefined ? {} : { auth: { ...address.credentials } }),
  })
}

function avro(schemaText: string): { type: SchemaType.AVRO; schema: string } {
  return { type: SchemaType.AVRO, schema: schemaText }
}

function idIn({ id }: JsonObject): number {
  if (typeof id === 'number') return id
  throw new RegistryNonsense(200, 'no id in the answer')
}
