import { compileSchemaForShow } from './compile-schema.ts'
import { unframe } from './confluent-frame.ts'
import { NOT_FRAMED, undecodable } from './decoded.ts'
import type { SchemaSource } from './schema-source.ts'
import { notParsed, parses, writerSchemasOf } from './writer-schemas.ts'

export type DecodedAny =
  | { readonly kind: 'decoded'; readonly value: unknown; readonly schemaName: string; readonly schemaId: number }
  | { readonly kind: 'undecodable'; readonly failureMessage: string }

/**
 * Decodes framed bytes by the schema they were written with, for showing them: a `long` beyond 2^53 − 1 comes as
 * decimal text. For single records; a codec is ten times as fast.
 *
 * @throws TowlineError TOWLINE_REGISTRY_UNAVAILABLE
 */
export async function decodeAny(value: Buffer | null, source: SchemaSource): Promise<DecodedAny> {
  const framed = value === null ? null : unframe(value)
  if (value === null || framed === null) return NOT_FRAMED
  const schema = await writerSchemasOf(source).load(framed.schemaId)
  if ('failureMessage' in schema) return undecodable(schema.failureMessage)
  const { id, name, text } = schema
  if (!parses(value, schema)) return undecodable(notParsed(schema))
  try {
    const decoded: unknown = compileSchemaForShow(text, `schema id ${id}`).fromBuffer(framed.body)
    return { kind: 'decoded', value: decoded, schemaName: name, schemaId: id }
  } catch {
    return undecodable(notParsed(schema)) // Nested deeper than the stack.
  }
}
