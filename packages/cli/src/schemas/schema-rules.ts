// What Towline asks of a schema beyond Avro: that its values are plain JSON, and that it can evolve.
import { type NamedSchema, type SchemaField, type SchemaModel, type SchemaNode, shortName } from './schema-model.ts'

/** A rule that a schema breaks. */
export interface BrokenRule {
  /** Where: `TaskResult.failure.code`; `[]` is an array's item, `{}` a map's value. */
  readonly path: string
  readonly problem: string
  readonly wayOut: string
}

/** Rules that must hold before TypeScript types can be written. */
export function rulesBrokenForTypes(model: SchemaModel): readonly BrokenRule[] {
  return [...rootRule(model), ...nameRules(model), ...unionRules(model)]
}

/** Every rule but those that need the history. */
export function rulesBroken(model: SchemaModel): readonly BrokenRule[] {
  return [...rulesBrokenForTypes(model), ...enumRules(model), ...optionalRules(model)]
}

/** `AvroSchema` is imported by the generated file, and `Uint8Array` used in it. */
const TAKEN_NAMES: ReadonlySet<string> = new Set(['AvroSchema', 'Uint8Array'])

function rootRule({ root, named }: SchemaModel): readonly BrokenRule[] {
  if (root.kind === 'named' && named.get(root.name)?.kind === 'record') return []
  const wayOut = 'wrap the value in a record, which can grow fields'
  return [{ path: pathOf(root), problem: 'the top level is no record', wayOut }]
}

function nameRules({ named }: SchemaModel): readonly BrokenRule[] {
  const seen = new Map<string, string>()
  return [...named.keys()].flatMap((name) => {
    const short = shortName(name)
    const other = seen.get(short)
    seen.set(short, name)
    const path = short
    if (!/^[A-Z][A-Za-z0-9]*$/.test(short)) {
      return [
        { path, problem: `the name ${short} is not PascalCase`, wayOut: 'rename it: it becomes a TypeScript type' },
      ]
    }
    if (TAKEN_NAMES.has(short))
      return [{ path, problem: `the name ${short} is taken in TypeScript`, wayOut: 'rename it' }]
    if (other === undefined) return []
    return [{ path, problem: `${other} and ${name} would be the same TypeScript type`, wayOut: 'rename one of them' }]
  })
}

function enumRules({ named }: SchemaModel): readonly BrokenRule[] {
  return [...named.values()]
    .filter(({ kind }) => kind === 'enum')
    .map(({ name }) => ({
      path: shortName(name),
      problem: `${name} is an enum: an old reader fails on a new symbol, and kebab-case words are no symbols`,
      wayOut: 'use string, and list the words in the doc',
    }))
}

function optionalRules(model: SchemaModel): readonly BrokenRule[] {
  return fieldsOf(model).flatMap(({ path, field }) => {
    if (field.type.kind !== 'union' || !field.type.branches.some(isNull)) return []
    const [first] = field.type.branches
    if (first !== undefined && isNull(first) && field.default === null) return []
    const wayOut = 'write ["null", …] with "default": null'
    return [{ path, problem: 'an optional field must begin with null and default to null', wayOut }]
  })
}

/** Mirrors how avsc decides that a union is ambiguous and its values must be wrapped: two branches in one bucket. */
function unionRules(model: SchemaModel): readonly BrokenRule[] {
  return fieldsOf(model).flatMap(({ path, field }) => wrappedUnions(field.type, path, model))
}

function wrappedUnions(node: SchemaNode, path: string, model: SchemaModel): readonly BrokenRule[] {
  switch (node.kind) {
    case 'primitive':
    case 'named':
      return []
    case 'array':
      return wrappedUnions(node.of, `${path}[]`, model)
    case 'map':
      return wrappedUnions(node.of, `${path}{}`, model)
    case 'union': {
      const inside = node.branches.flatMap((branch) => wrappedUnions(branch, path, model))
      const buckets = node.branches.map((branch) => bucketOf(branch, model))
      const clash = buckets.find((bucket, index) => buckets.indexOf(bucket) !== index)
      if (clash === undefined) return inside
      const names = node.branches.filter((_branch, index) => buckets[index] === clash).map(pathOf)
      const problem = `${names.join(' and ')} in one union are told apart only by wrapping the value, as {"${names[0]}": …}`
      return [{ path, problem, wayOut: 'use a field for each' }, ...inside]
    }
  }
}

/** What a JavaScript value looks like; two branches with the same look are ambiguous. */
function bucketOf(node: SchemaNode, { named }: SchemaModel): string {
  switch (node.kind) {
    case 'primitive':
      if (['int', 'long', 'float', 'double'].includes(node.name)) return 'number'
      return node.name === 'bytes' ? 'buffer' : node.name
    case 'named': {
      const definition = named.get(node.name)
      return definition === undefined ? node.name : NAMED_BUCKETS[definition.kind]
    }
    case 'map':
      return 'object'
    case 'array':
    case 'union':
      return node.kind
  }
}

const NAMED_BUCKETS: Readonly<Record<NamedSchema['kind'], string>> = {
  record: 'object',
  enum: 'string',
  fixed: 'buffer',
}

function fieldsOf({ named }: SchemaModel): readonly { readonly path: string; readonly field: SchemaField }[] {
  return [...named.values()].flatMap((definition) =>
    definition.kind === 'record'
      ? definition.fields.map((field) => ({ path: `${shortName(definition.name)}.${field.name}`, field }))
      : [],
  )
}

function isNull(node: SchemaNode): boolean {
  return node.kind === 'primitive' && node.name === 'null'
}

function pathOf(node: SchemaNode): string {
  return node.kind === 'primitive' || node.kind === 'named' ? shortName(node.name) : node.kind
}
