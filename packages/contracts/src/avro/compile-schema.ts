import avsc from 'avsc'
import { TowlineError } from '../towline-error.ts'
import { exactLong, longOrText } from './exact-long.ts'

/**
 * Compiles the JSON text of an Avro schema. Unions stay unwrapped where their branches can be told apart; logical
 * types are read as what they are written in; a `long` is a number, refused beyond 2^53 − 1.
 *
 * @param what Names the schema in the error.
 * @throws TowlineError TOWLINE_SCHEMA_INVALID when the text is not a valid Avro schema.
 */
export function compileSchema(text: string, what: string): avsc.Type {
  const known = compiled.get(text)
  if (known !== undefined) return known
  const type = compileWith(exactLong, text, what)
  if (compiled.size < MAX_COMPILED) compiled.set(text, type)
  return type
}

/** The same, for showing values: a `long` beyond 2^53 − 1 is read as its decimal text. */
export function compileSchemaForShow(text: string, what: string): avsc.Type {
  return compileWith(longOrText, text, what)
}

/** Types do not change, and compiling one takes a millisecond: agents of one process share those of Towline's own schemas. */
const compiled = new Map<string, avsc.Type>()
const MAX_COMPILED = 100

type SchemaJson = Parameters<typeof avsc.Type.forSchema>[0]

function compileWith(long: avsc.Type, text: string, what: string): avsc.Type {
  try {
    return avsc.Type.forSchema(JSON.parse(text) as SchemaJson, {
      omitRecordMethods: true,
      typeHook: (schema) => (isLong(schema) ? long : undefined),
    })
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new TowlineError('TOWLINE_SCHEMA_INVALID', `${what} is not a valid Avro schema: ${reason}`, {
      value: what,
      wayOut: 'Correct the .avsc file; docs/wire.md says what Towline accepts',
      cause: thrown,
    })
  }
}

/** By name, or with attributes such as a logical type. */
function isLong(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return schema === 'long'
  return (schema as { type?: unknown }).type === 'long'
}
