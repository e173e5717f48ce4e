import type avsc from 'avsc'
import { TowlineError } from '../towline-error.ts'
import { type BodyCheck, compileBodyCheck, hasCounts } from './body-check.ts'
import { compileSchema } from './compile-schema.ts'
import { FRAME_BYTES } from './confluent-frame.ts'
import type { SchemaSource } from './schema-source.ts'

/** A schema some writer used, ready to read with. */
export interface WriterSchema {
  readonly id: number
  readonly text: string
  /** Full name of its top-level type, or the kind of type where it has none. */
  readonly name: string
  readonly type: avsc.Type
  /** Whether avsc may read its bytes only after they were found to {@link parses | parse}. */
  readonly mustCheck: boolean
  readonly checkBody: BodyCheck
}

/** Why bytes with a schema id cannot be decoded by anybody. */
export interface UnusableSchema {
  readonly id: number
  readonly failureMessage: string
}

/** Schemas kept per source; beyond it the oldest is compiled again when it is met again. */
const MAX_KEPT = 1_000

const caches = new WeakMap<SchemaSource, WriterSchemas>()

/** The compiled writer schemas of a source, shared by all who read through it. */
export function writerSchemasOf(source: SchemaSource): WriterSchemas {
  const known = caches.get(source)
  if (known !== undefined) return known
  const cache = new WriterSchemas(source)
  caches.set(source, cache)
  return cache
}

/** Compiles each writer schema once. An id the registry does not know is asked for again: it may be registered later. */
export class WriterSchemas {
  readonly #source: SchemaSource
  readonly #loaded = new Map<number, WriterSchema | UnusableSchema>()
  readonly #loading = new Map<number, Promise<WriterSchema | UnusableSchema>>()

  constructor(source: SchemaSource) {
    this.#source = source
  }

  /** @throws TowlineError TOWLINE_REGISTRY_UNAVAILABLE */
  load(id: number): Promise<WriterSchema | UnusableSchema> {
    const loaded = this.#loaded.get(id)
    if (loaded !== undefined) return Promise.resolve(loaded)
    let loading = this.#loading.get(id)
    if (loading === undefined) {
      loading = this.#ask(id).finally(() => this.#loading.delete(id))
      this.#loading.set(id, loading)
    }
    return loading
  }

  async #ask(id: number): Promise<WriterSchema | UnusableSchema> {
    const text = await this.#source.schemaOf(id)
    if (text === null) return { id, failureMessage: `schema id ${id} is not registered` }
    const schema = compileWriter(id, text)
    keepBounded(this.#loaded, id, schema)
    return schema
  }
}

/** Whether a framed value is, to its last byte, what its writer's schema says. */
export function parses(value: Buffer, writer: WriterSchema): boolean {
  try {
    return writer.checkBody(value, FRAME_BYTES, value.length) === value.length
  } catch {
    return false // Nested deeper than the stack: nobody reads it.
  }
}

export function notParsed(writer: WriterSchema): string {
  return `the bytes are not what schema id ${writer.id} (${writer.name}) says`
}

/** Sets an entry and drops the oldest above the bound. */
export function keepBounded<V>(map: Map<number, V>, id: number, value: V): void {
  map.set(id, value)
  if (map.size <= MAX_KEPT) return
  const oldest = map.keys().next()
  if (!oldest.done) map.delete(oldest.value)
}

function compileWriter(id: number, text: string): WriterSchema | UnusableSchema {
  try {
    const type = compileSchema(text, `schema id ${id}`)
    const name = type.name ?? type.typeName
    return { id, text, name, type, mustCheck: hasCounts(type), checkBody: compileBodyCheck(type) }
  } catch (thrown) {
    if (thrown instanceof TowlineError) return { id, failureMessage: thrown.message }
    throw thrown
  }
}
