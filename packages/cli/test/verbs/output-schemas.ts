import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'

type Json = Readonly<Record<string, unknown>>

export const SCHEMA_FOLDER: string = join(import.meta.dirname, '../../json-schemas')
const SHARED = 'shared'
const CLOSED = { unevaluatedProperties: false }

/** Names of the verbs that have a schema, with dashes. */
export function schemaNames(): readonly string[] {
  return readdirSync(SCHEMA_FOLDER)
    .map((file) => basename(file, '.schema.json'))
    .filter((name) => name !== SHARED)
}

export function schemaName(verb: string): string {
  return verb.replaceAll(' ', '-')
}

const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true })
for (const name of [SHARED, ...schemaNames()]) {
  ajv.addSchema(closed(JSON.parse(readFileSync(join(SCHEMA_FOLDER, `${name}.schema.json`), 'utf8')) as Json))
}

/** What is wrong with a document of a verb; empty when it is as documented, with no field that nobody documented. */
export function documentErrors(verb: string, format: 'json' | 'jsonl', document: unknown): string {
  const pointer = format === 'json' ? '' : '#/$defs/line'
  const schema = { $ref: `${schemaName(verb)}.schema.json${pointer}`, ...CLOSED }
  const validate = ajv.compile(schema)
  return validate(document) ? '' : ajv.errorsText(validate.errors, { separator: '\n' })
}

/**
 * A schema that knows every field: as published it lets others in, since fields may be added. Objects are closed where
 * a value stands; not in `allOf` and its like, whose parts see each other's fields only from outside.
 */
function closed(schema: Json): Json {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      switch (keyword) {
        case 'properties':
          return [keyword, mapValues(value as Record<string, Json>, closedValue)]
        case '$defs':
          return [keyword, mapValues(value as Record<string, Json>, closed)]
        case 'items':
        case 'additionalProperties':
          return [keyword, closedValue(value as Json)]
        case 'allOf':
        case 'anyOf':
        case 'oneOf':
          return [keyword, (value as Json[]).map(closed)]
        default:
          return [keyword, value]
      }
    }),
  )
}

function closedValue(schema: Json): Json {
  const isObject = ['properties', '$ref', 'allOf', 'anyOf', 'oneOf'].some((keyword) => keyword in schema)
  return { ...closed(schema), ...(isObject ? CLOSED : {}) }
}

function mapValues(values: Record<string, Json>, change: (value: Json) => Json): Json {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
}
