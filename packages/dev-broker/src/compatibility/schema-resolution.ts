// Can a value written with one Avro schema be read with another? The rules of "Schema Resolution" in
// https://avro.apache.org/docs/1.12.0/specification/#schema-resolution; every mismatch is found, not only the first.
//
//   R1. Names match by full name or by the reader's alias. The specification lets unqualified names match; avsc, which
//       decodes in every runner, does not, and a check must not allow what a runner then refuses.
//   R2. A pair of records met again while it is being compared counts as readable (recursive schemas). A pass whose
//       assumption proves wrong is repeated without it, so the answer does not depend on the order of the walk.
import avro from 'avsc'
import type { IncompatibilityKind, Mismatch } from './incompatibility.ts'

type NamedType = avro.types.RecordType | avro.types.EnumType | avro.types.FixedType
type UnionType = avro.types.UnwrappedUnionType | avro.types.WrappedUnionType

/** What a reader's primitive takes besides itself. */
const PROMOTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['long', ['int']],
  ['float', ['int', 'long']],
  ['double', ['int', 'long', 'float']],
  ['string', ['bytes']],
  ['bytes', ['string']],
])

/** How messages name the two sides, for example `the new schema` and `version 2`, and which of them can still be changed. */
export interface ResolutionSides {
  readonly reader: string
  readonly writer: string
  readonly candidate: 'reader' | 'writer'
}

/** What the author of the candidate can do, by the side it is on. */
const WAYS_OUT: Readonly<Record<IncompatibilityKind, Readonly<Record<ResolutionSides['candidate'], string>>>> = {
  'type-changed': {
    reader: 'keep the type, or add a field beside it',
    writer: 'keep the type, or add a field beside it',
  },
  'name-changed': { reader: 'keep the name, or add the old one as an alias', writer: 'keep the name' },
  'field-without-default': { reader: 'give the field a default', writer: 'keep the field' },
  'field-alias-ambiguous': { reader: 'remove the alias', writer: 'rename the new field' },
  'enum-symbol-missing': { reader: 'keep the symbols, or give the enum a default', writer: 'keep to the old symbols' },
  'fixed-size-changed': { reader: 'keep the size', writer: 'keep the size' },
  'union-branch-missing': { reader: 'keep the branch', writer: 'keep to the old branches' },
}

/** Everything that keeps `reader` from taking what `writer` wrote; empty when it can. */
export function schemaMismatches(reader: avro.Type, writer: avro.Type, sides: ResolutionSides): readonly Mismatch[] {
  const unreadable = new Map<string, readonly Mismatch[]>()
  for (;;) {
    const pass = new ResolutionPass(sides, unreadable)
    const mismatches = pass.compare(reader, writer, rootPath(reader))
    if (!pass.disprovedAnAssumption()) return onePerMessage(mismatches)
  }
}

class ResolutionPass {
  readonly #sides: ResolutionSides
  readonly #unreadable: Map<string, readonly Mismatch[]>
  readonly #compared = new Map<string, readonly Mismatch[]>()

  constructor(sides: ResolutionSides, unreadable: Map<string, readonly Mismatch[]>) {
    this.#sides = sides
    this.#unreadable = unreadable
  }

  disprovedAnAssumption(): boolean {
    const before = this.#unreadable.size
    for (const [pair, mismatches] of this.#compared) {
      if (mismatches.length > 0) this.#unreadable.set(pair, mismatches)
    }
    return this.#unreadable.size > before
  }

  compare(reader: avro.Type, writer: avro.Type, path: string): readonly Mismatch[] {
    if (isUnion(writer)) return writer.types.flatMap((branch) => this.compare(reader, branch, path))
    if (isUnion(reader)) return this.#compareUnion(reader, writer, path)
    if (isRecord(reader) && isRecord(writer)) return this.#compareRecordOnce(reader, writer, path)
    if (isEnum(reader) && isEnum(writer)) return this.#compareEnum(reader, writer, path)
    if (isFixed(reader) && isFixed(writer)) return this.#compareFixed(reader, writer, path)
    if (isArray(reader) && isArray(writer)) return this.compare(reader.itemsType, writer.itemsType, `${path}[]`)
    if (isMap(reader) && isMap(writer)) return this.compare(reader.valuesType, writer.valuesType, `${path}{}`)
    if (reader.typeName === writer.typeName || PROMOTIONS.get(reader.typeName)?.includes(writer.typeName)) return []
    return [this.#mismatch('type-changed', path, `is ${describe(reader)}, and cannot take the ${describe(writer)} of`)]
  }

  #compareUnion(reader: UnionType, writer: avro.Type, path: string): readonly Mismatch[] {
    const attempts = reader.types.map((branch) => ({ branch, mismatches: this.compare(branch, writer, path) }))
    if (attempts.some(({ mismatches }) => mismatches.length === 0)) return []
    const meant = attempts.filter(({ branch }) => isTheSameType(branch, writer))
    const [only] = meant
    if (only !== undefined && meant.length === 1) return only.mismatches
    const branches = reader.types.map(describe).join(', ')
    const what = `is the union [${branches}], and has no branch for the ${describe(writer)} of`
    return [this.#mismatch('union-branch-missing', path, what)]
  }

  #compareRecordOnce(reader: avro.types.RecordType, writer: avro.types.RecordType, path: string): readonly Mismatch[] {
    const pair = `${reader.name}:${writer.name}`
    const known = this.#compared.get(pair)
    if (known !== undefined) return known
    this.#compared.set(pair, this.#unreadable.get(pair) ?? []) // R2
    const fields = reader.fields.flatMap((field) => this.#compareField(field, writer, `${path}.${field.name}`))
    const mismatches = [...this.#compareName(reader, writer, path), ...fields]
    this.#compared.set(pair, mismatches)
    return mismatches
  }

  #compareField(field: avro.types.Field, writer: avro.types.RecordType, path: string): readonly Mismatch[] {
    const names = new Set([field.name, ...field.aliases])
    const written = writer.fields.filter((candidate) => names.has(candidate.name))
    const [source] = written
    if (written.length > 1) {
      const found = written.map(({ name }) => `"${name}"`).join(' and ')
      const what = `matches both ${found} by name and alias in`
      return [this.#mismatch('field-alias-ambiguous', path, what)]
    }
    if (source !== undefined) return this.compare(field.type, source.type, path)
    if (field.defaultValue() !== undefined) return []
    const what = 'has no default, and is not written by'
    return [this.#mismatch('field-without-default', path, what)]
  }

  #compareEnum(reader: avro.types.EnumType, writer: avro.types.EnumType, path: string): readonly Mismatch[] {
    const names = this.#compareName(reader, writer, path)
    const missing = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol))
    // avsc 5.7.9 sets `default` on an enum's type; its declarations leave it out.
    const { default: fallback } = reader as avro.types.EnumType & { readonly default?: string }
    if (missing.length === 0 || fallback !== undefined) return names
    const what = `lacks ${missing.join(', ')} of`
    return [...names, this.#mismatch('enum-symbol-missing', path, what)]
  }

  #compareFixed(reader: avro.types.FixedType, writer: avro.types.FixedType, path: string): readonly Mismatch[] {
    const names = this.#compareName(reader, writer, path)
    if (reader.size === writer.size) return names
    const what = `is ${reader.size} bytes long, and cannot take the ${writer.size} bytes of`
    return [...names, this.#mismatch('fixed-size-changed', path, what)]
  }

  #compareName(reader: NamedType, writer: NamedType, path: string): readonly Mismatch[] {
    if (acceptsName(reader, writer)) return []
    const what = `is named ${reader.name}, not ${writer.name} as in`
    return [this.#mismatch('name-changed', path, what)]
  }

  #mismatch(kind: IncompatibilityKind, path: string, what: string): Mismatch {
    const { reader, writer, candidate } = this.#sides
    return { kind, path, message: `${path} of ${reader} ${what} ${writer}`, wayOut: WAYS_OUT[kind][candidate] }
  }
}

/** A record met in two places is compared once, but its mismatches come back from both. */
function onePerMessage(mismatches: readonly Mismatch[]): readonly Mismatch[] {
  return [...new Map(mismatches.map((mismatch) => [mismatch.message, mismatch])).values()]
}

// R1
function acceptsName(reader: avro.Type, writer: avro.Type): boolean {
  return reader.name === writer.name || (writer.name !== undefined && (reader.aliases ?? []).includes(writer.name))
}

function isTheSameType(branch: avro.Type, writer: avro.Type): boolean {
  return branch.typeName === writer.typeName && acceptsName(branch, writer)
}

function describe(type: avro.Type): string {
  return type.name === undefined ? type.typeName : `${type.typeName} ${type.name}`
}

function rootPath(type: avro.Type): string {
  return type.name === undefined ? type.typeName : type.name.slice(type.name.lastIndexOf('.') + 1)
}

function isUnion(type: avro.Type): type is UnionType {
  return avro.Type.isType(type, 'union')
}

function isRecord(type: avro.Type): type is avro.types.RecordType {
  return avro.Type.isType(type, 'record', 'error')
}

function isEnum(type: avro.Type): type is avro.types.EnumType {
  return avro.Type.isType(type, 'enum')
}

function isFixed(type: avro.Type): type is avro.types.FixedType {
  return avro.Type.isType(type, 'fixed')
}

function isArray(type: avro.Type): type is avro.types.ArrayType {
  return avro.Type.isType(type, 'array')
}

function isMap(type: avro.Type): type is avro.types.MapType {
  return avro.Type.isType(type, 'map')
}
