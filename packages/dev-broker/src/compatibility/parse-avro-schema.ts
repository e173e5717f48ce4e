import avro from 'avsc'

/** Deeper schemas are refused, so that no walk over one can overflow the stack. Ours nest four levels. */
const MAX_JSON_DEPTH = 100

/** A text that is no Avro schema. */
export class InvalidAvroSchemaError extends Error {
  override readonly name = 'InvalidAvroSchemaError'
}

export interface ParsedAvroSchema {
  readonly type: avro.Type
  /** The schema's JSON without insignificant white space. */
  readonly text: string
  /** Equal for two texts that differ only in white space or in the order of attributes. */
  readonly identity: string
}

/**
 * Parses a schema's JSON text.
 * @throws InvalidAvroSchemaError when it is not JSON, nests more than 100 levels deep, or breaks a rule of the Avro specification.
 */
export function parseAvroSchema(text: string): ParsedAvroSchema {
  const json = parseJson(text)
  const identity = canonicalText(json, 0)
  try {
    const type = avro.Type.forSchema(json as avro.Schema, { noAnonymousTypes: true })
    return { type, text: JSON.stringify(json), identity }
  } catch (error) {
    throw new InvalidAvroSchemaError(`not an Avro schema: ${messageOf(error)}`, { cause: error })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InvalidAvroSchemaError(`the schema is not JSON: ${messageOf(error)}`, { cause: error })
  }
}

function canonicalText(value: unknown, depth: number): string {
  if (depth > MAX_JSON_DEPTH) {
    throw new InvalidAvroSchemaError(`the schema nests deeper than ${MAX_JSON_DEPTH} levels of JSON`)
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item, depth + 1)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalText(member, depth + 1)}`)
  return `{${members.join(',')}}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
