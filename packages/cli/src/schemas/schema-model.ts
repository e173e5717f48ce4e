import { InvalidAvroSchemaError, parseAvroSchema } from '@towline/dev-broker'

/** A primitive's name as Avro has it. */
export type PrimitiveName = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string'

export type SchemaNode =
  | { readonly kind: 'primitive'; readonly name: PrimitiveName }
  | { readonly kind: 'array' | 'map'; readonly of: SchemaNode }
  | { readonly kind: 'union'; readonly branches: readonly SchemaNode[] }
  /** Stands for the definition of that full name in the model; schemas may be recursive. */
  | { readonly kind: 'named'; readonly name: string }

export interface SchemaField {
  readonly name: string
  readonly doc: string | undefined
  readonly type: SchemaNode
  /** Its default as JSON, or undefined where it has none. */
  readonly default: unknown
}

/** A record, enum or fixed under its full name. */
export type NamedSchema =
  | {
      readonly kind: 'record'
      readonly name: string
      readonly doc: string | undefined
      readonly fields: readonly SchemaField[]
    }
  | {
      readonly kind: 'enum'
      readonly name: string
      readonly doc: string | undefined
      readonly symbols: readonly string[]
    }
  | { readonly kind: 'fixed'; readonly name: string; readonly doc: string | undefined }

/** An Avro schema with its names resolved. */
export interface SchemaModel {
  readonly root: SchemaNode
  /** By full name, in the order of their definition. */
  readonly named: ReadonlyMap<string, NamedSchema>
  /** The schema as it was written. */
  readonly json: unknown
}

/**
 * Reads a schema's JSON text.
 * @throws InvalidAvroSchemaError
 */
export function readSchemaModel(text: string): SchemaModel {
  parseAvroSchema(text) // so that what follows may trust the shape of the JSON
  const json: unknown = JSON.parse(text)
  const named = new Map<string, NamedSchema>()
  const root = readNode(json as RawSchema, undefined, named)
  return { root, named, json }
}

/** The last part of a full name. */
export function shortName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1)
}

const PRIMITIVES: ReadonlySet<string> = new Set<PrimitiveName>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
])

interface RawField {
  readonly name: string
  readonly doc?: string
  readonly type: RawSchema
  readonly default?: unknown
}

interface RawDefinition {
  readonly type: string
  readonly name?: string
  readonly namespace?: string
  readonly doc?: string
  readonly fields?: readonly RawField[]
  readonly symbols?: readonly string[]
  readonly items?: RawSchema
  readonly values?: RawSchema
}

type RawSchema = string | readonly RawSchema[] | RawDefinition

function readNode(raw: RawSchema, namespace: string | undefined, named: Map<string, NamedSchema>): SchemaNode {
  if (typeof raw === 'string')
    return isPrimitive(raw) ? primitive(raw) : { kind: 'named', name: qualify(raw, namespace) }
  if (isUnion(raw)) return { kind: 'union', branches: raw.map((branch) => readNode(branch, namespace, named)) }
  if (isPrimitive(raw.type)) return primitive(raw.type)
  if (raw.type === 'array') return { kind: 'array', of: readNode(raw.items ?? 'null', namespace, named) }
  if (raw.type === 'map') return { kind: 'map', of: readNode(raw.values ?? 'null', namespace, named) }
  return readDefinition(raw, namespace, named)
}

function readDefinition(
  raw: RawDefinition,
  enclosing: string | undefined,
  named: Map<string, NamedSchema>,
): SchemaNode {
  const name = qualify(raw.name ?? '', raw.namespace ?? enclosing)
  const node: SchemaNode = { kind: 'named', name }
  switch (raw.type) {
    case 'record':
    case 'error': {
      named.set(name, { kind: 'record', name, doc: raw.doc, fields: [] }) // keeps its place before those it contains
      const fields = (raw.fields ?? []).map((field) => readField(field, namespaceOf(name), named))
      named.set(name, { kind: 'record', name, doc: raw.doc, fields })
      return node
    }
    case 'enum':
      named.set(name, { kind: 'enum', name, doc: raw.doc, symbols: raw.symbols ?? [] })
      return node
    case 'fixed':
      named.set(name, { kind: 'fixed', name, doc: raw.doc })
      return node
    default:
      throw new InvalidAvroSchemaError(`unknown type ${JSON.stringify(raw.type)}`)
  }
}

function readField(raw: RawField, namespace: string | undefined, named: Map<string, NamedSchema>): SchemaField {
  return { name: raw.name, doc: raw.doc, type: readNode(raw.type, namespace, named), default: raw.default }
}

function primitive(name: PrimitiveName): SchemaNode {
  return { kind: 'primitive', name }
}

function isPrimitive(name: string): name is PrimitiveName {
  return PRIMITIVES.has(name)
}

function isUnion(raw: RawSchema): raw is readonly RawSchema[] {
  return Array.isArray(raw)
}

function qualify(name: string, namespace: string | undefined): string {
  return name.includes('.') || namespace === undefined || namespace === '' ? name : `${namespace}.${name}`
}

function namespaceOf(fullName: string): string | undefined {
  const at = fullName.lastIndexOf('.')
  return at < 0 ? undefined : fullName.slice(0, at)
}
