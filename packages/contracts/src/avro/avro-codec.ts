import type avsc from 'avsc'
import type { AvroSchema } from './avro-schema.ts'
import { bytesAsBuffers } from './bytes-as-buffers.ts'
import { compileSchema } from './compile-schema.ts'
import { FRAME_BYTES, framedSchemaId, writeFrameHeader } from './confluent-frame.ts'
import { type Decoded, NOT_FRAMED, undecodable } from './decoded.ts'
import { schemaMismatch } from './schema-mismatch.ts'
import type { SchemaSource } from './schema-source.ts'
import {
  keepBounded,
  notParsed,
  parses,
  type WriterSchema,
  type WriterSchemas,
  writerSchemasOf,
} from './writer-schemas.ts'

/** How values of one writer are read: by a resolver (undefined where both schemas agree), or not at all. */
type Reading =
  | { readonly kind: 'resolves'; readonly writer: WriterSchema; readonly resolver: Resolver | undefined }
  | { readonly kind: 'refuses'; readonly writer: WriterSchema; readonly message: string }

type Resolver = ReturnType<avsc.Type['createResolver']>

const SCRATCH_BYTES = 16 * 1024
const MAX_SCRATCH_BYTES = 1024 * 1024

/**
 * Values of one Avro schema in the Confluent wire format. `bytes` are Buffers, `long` a number within ±(2^53 − 1).
 * Made once per schema and source; safe to share.
 */
export class AvroCodec<T> {
  readonly schema: AvroSchema<T>
  readonly #type: avsc.Type
  readonly #writers: WriterSchemas
  readonly #readings = new Map<number, Reading>()
  #scratch: Buffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES)

  /** @throws TowlineError TOWLINE_SCHEMA_INVALID */
  constructor(schema: AvroSchema<T>, source: SchemaSource) {
    this.schema = schema
    this.#type = compileSchema(schema.text, schema.name)
    this.#writers = writerSchemasOf(source)
  }

  /**
   * The framed bytes of a value. Fields the schema does not name are left out.
   *
   * @param writerId The id of exactly this schema, from `SchemaSource.idOf`.
   * @throws TowlineError TOWLINE_SCHEMA_MISMATCH with the path and what stands there
   */
  encode(value: T, writerId: number): Buffer {
    let target = this.#scratch
    let end = this.#write(value, target)
    if (end < 0) {
      target = Buffer.allocUnsafeSlow(target.length - end)
      if (target.length <= MAX_SCRATCH_BYTES) this.#scratch = target
      end = this.#write(value, target)
    }
    writeFrameHeader(target, writerId)
    const bytes = Buffer.allocUnsafe(end)
    target.copy(bytes, 0, 0, end)
    return bytes
  }

  /**
   * The value in framed bytes, at once when its writer's schema is known here (or the bytes are not framed at all);
   * undefined when {@link decode} must ask for it.
   */
  decodeCached(value: Buffer | null): Decoded<T> | undefined {
    const writerId = value === null ? null : framedSchemaId(value)
    if (value === null || writerId === null) return NOT_FRAMED
    const reading = this.#readings.get(writerId)
    return reading === undefined ? undefined : this.#read(value, reading)
  }

  /**
   * The value in framed bytes.
   *
   * @throws TowlineError TOWLINE_REGISTRY_UNAVAILABLE, and whatever else the source throws: says nothing about the bytes
   */
  async decode(value: Buffer | null): Promise<Decoded<T>> {
    const cached = this.decodeCached(value)
    if (cached !== undefined || value === null) return cached ?? NOT_FRAMED
    const schema = await this.#writers.load(value.readUInt32BE(1))
    if ('failureMessage' in schema) return undecodable(schema.failureMessage)
    const reading = this.#readingOf(schema)
    keepBounded(this.#readings, schema.id, reading)
    return this.#read(value, reading)
  }

  /** The position after the value in `target`, or minus the bytes that were missing. */
  #write(value: T, target: Buffer): number {
    try {
      return this.#type.encode(value, target, FRAME_BYTES)
    } catch (thrown) {
      return this.#writeBytes(value, target, thrown)
    }
  }

  /** The type of a field may say Uint8Array: worth a second try, at the price of a copy. */
  #writeBytes(value: T, target: Buffer, refusal: unknown): number {
    try {
      const copy = bytesAsBuffers(value)
      if (copy !== undefined) return this.#type.encode(copy, target, FRAME_BYTES)
    } catch {
      // It is refused for another reason too, which the error below finds.
    }
    throw schemaMismatch(this.#type, this.schema.name, value, refusal)
  }

  #readingOf(writer: WriterSchema): Reading {
    if (writer.text === this.schema.text || writer.type.equals(this.#type)) {
      return { kind: 'resolves', writer, resolver: undefined }
    }
    try {
      return { kind: 'resolves', writer, resolver: this.#type.createResolver(writer.type) }
    } catch (thrown) {
      return { kind: 'refuses', writer, message: reasonOf(thrown) }
    }
  }

  #read(value: Buffer, reading: Reading): Decoded<T> {
    const { writer } = reading
    if (reading.kind === 'refuses') return this.#refuse(value, writer, reading.message)
    if (writer.mustCheck && !parses(value, writer)) return undecodable(notParsed(writer))
    try {
      const { value: decoded, offset } = this.#type.decode(value, FRAME_BYTES, reading.resolver)
      if (offset === value.length) return { kind: 'decoded', value: decoded as T }
      return undecodable(notParsed(writer))
    } catch (thrown) {
      return this.#refuse(value, writer, reasonOf(thrown))
    }
  }

  /** They could not be read: is that the fault of the bytes, or of the two schemas? */
  #refuse(value: Buffer, writer: WriterSchema, reason: string): Decoded<T> {
    if (!parses(value, writer)) return undecodable(notParsed(writer))
    const message = `schema id ${writer.id} (${writer.name}) cannot be read as ${this.schema.name}: ${reason}`
    return { kind: 'rejected', message }
  }
}

/** @throws TowlineError TOWLINE_SCHEMA_INVALID */
export function avroCodec<T>(schema: AvroSchema<T>, source: SchemaSource): AvroCodec<T> {
  return new AvroCodec(schema, source)
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
