// Pairs of Avro schemas that are related: a reader's and a writer's version of one idea, with the changes people make
// between versions, good and bad. Two independent schemas would almost never be compatible.
import fc from 'fast-check'

export interface SchemaPair {
  readonly reader: unknown
  readonly writer: unknown
}

type Side = keyof SchemaPair
type Presence = Side | 'both'

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const
type Primitive = (typeof PRIMITIVES)[number]

const ZERO: Readonly<Record<Primitive, unknown>> = {
  null: null,
  boolean: false,
  int: 0,
  long: 0,
  float: 0,
  double: 0,
  bytes: '',
  string: '',
}

/** How the name of a type changed: not at all, without an alias, or with one in the reader. */
type Rename = 'kept' | 'changed' | 'aliased'

interface FieldIdea {
  readonly presence: Presence
  readonly rename: Rename
  readonly hasDefault: boolean
  readonly type: Idea
}

type Idea =
  | { readonly kind: 'primitive'; readonly reader: Primitive; readonly writer: Primitive }
  | { readonly kind: 'record'; readonly rename: Rename; readonly fields: readonly FieldIdea[] }
  | {
      readonly kind: 'enum'
      readonly rename: Rename
      readonly symbols: readonly Presence[]
      readonly hasDefault: boolean
    }
  | { readonly kind: 'fixed'; readonly rename: Rename; readonly reader: number; readonly writer: number }
  | { readonly kind: 'array' | 'map'; readonly of: Idea }
  | { readonly kind: 'union'; readonly branches: readonly (readonly [Presence, Idea])[] }
  | { readonly kind: 'widened'; readonly side: Side; readonly of: Idea }
  | { readonly kind: 'replaced'; readonly reader: Idea; readonly writer: Idea }
  | { readonly kind: 'ancestor'; readonly levelsUp: number }

export function schemaPairs({ isRecursive }: { isRecursive: boolean }): fc.Arbitrary<SchemaPair> {
  return ideas(isRecursive).map((idea) => ({ reader: render(idea, 'reader'), writer: render(idea, 'writer') }))
}

const mostly = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(usual, ...others) })

const presence: fc.Arbitrary<Presence> = mostly<Presence>('both', 'reader', 'writer')
const rename: fc.Arbitrary<Rename> = mostly<Rename>('kept', 'changed', 'aliased')

const primitive: fc.Arbitrary<Idea> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(...PRIMITIVES)
      .map((type) => ({ kind: 'primitive' as const, reader: type, writer: type })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('primitive' as const),
      reader: fc.constantFrom(...PRIMITIVES),
      writer: fc.constantFrom(...PRIMITIVES),
    }),
  },
)

function ideas(isRecursive: boolean): fc.Arbitrary<Idea> {
  const { idea } = fc.letrec<{ idea: Idea; nested: Idea }>((tie) => {
    const nested = tie('nested')
    const leaves = [
      primitive,
      fc.record({
        kind: fc.constant('enum' as const),
        rename,
        symbols: fc.array(presence, { minLength: 1, maxLength: 4 }),
        hasDefault: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant('fixed' as const),
        rename,
        reader: mostly(4, 5),
        writer: mostly(4, 5),
      }),
      ...(isRecursive ? [fc.record({ kind: fc.constant('ancestor' as const), levelsUp: fc.nat(2) })] : []),
    ]
    const record = fc.record({
      kind: fc.constant('record' as const),
      rename,
      fields: fc.array(fc.record({ presence, rename, hasDefault: fc.boolean(), type: nested }), { maxLength: 4 }),
    })
    const branches = [
      record,
      fc.record({ kind: fc.constantFrom('array' as const, 'map' as const), of: nested }),
      fc.record({
        kind: fc.constant('union' as const),
        branches: fc.array(fc.tuple(presence, nested), { minLength: 1, maxLength: 4 }),
      }),
      fc.record({ kind: fc.constant('widened' as const), side: fc.constantFrom<Side>('reader', 'writer'), of: nested }),
    ]
    return {
      idea: record,
      nested: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        ...leaves.map((arbitrary) => ({ arbitrary, weight: 3 })),
        ...branches.map((arbitrary) => ({ arbitrary, weight: 3 })),
        { arbitrary: fc.record({ kind: fc.constant('replaced' as const), reader: nested, writer: nested }), weight: 1 },
      ),
    }
  })
  return idea
}

function render(idea: Idea, side: Side): unknown {
  return new Rendering(side).type(idea)
}

/** Names count up in the order of the walk, which is the same for both sides, so a name is used once in a schema. */
class Rendering {
  readonly #side: Side
  readonly #enclosing: string[] = []
  #count = 0

  constructor(side: Side) {
    this.#side = side
  }

  type(idea: Idea): unknown {
    switch (idea.kind) {
      case 'primitive':
        return idea[this.#side]
      case 'record':
        return this.#record(idea)
      case 'enum':
        return this.#enum(idea)
      case 'fixed':
        return { type: 'fixed', ...this.#name(idea.rename), size: idea[this.#side] }
      case 'array':
        return { type: 'array', items: this.type(idea.of) }
      case 'map':
        return { type: 'map', values: this.type(idea.of) }
      case 'union':
        return this.#union(idea.branches)
      case 'widened': {
        const type = this.type(idea.of)
        return idea.side === this.#side ? union(['null', type]) : type
      }
      case 'replaced': {
        const types = { reader: this.type(idea.reader), writer: this.type(idea.writer) }
        return types[this.#side]
      }
      case 'ancestor':
        return this.#enclosing.at(-1 - idea.levelsUp) ?? 'null'
    }
  }

  #record({ rename: change, fields }: Extract<Idea, { kind: 'record' }>): unknown {
    const name = this.#name(change)
    this.#enclosing.push(name.name)
    const rendered = fields.map((field, index) => this.#field(field, index))
    this.#enclosing.pop()
    return { type: 'record', ...name, fields: rendered.filter((field) => field !== undefined) }
  }

  #field({ presence: where, rename: change, hasDefault, type: idea }: FieldIdea, index: number): unknown {
    const type = this.type(idea)
    if (where !== 'both' && where !== this.#side) return undefined
    const field = { name: `f${index}`, type, ...(hasDefault ? defaultOf(type) : {}) }
    if (this.#side === 'writer' || change === 'kept') return field
    return { ...field, name: `g${index}`, ...(change === 'aliased' ? { aliases: [`f${index}`] } : {}) }
  }

  #enum({ rename: change, symbols, hasDefault }: Extract<Idea, { kind: 'enum' }>): unknown {
    const name = this.#name(change)
    const named = symbols.map((where, index) => ({ where, symbol: `S${index}` }))
    const present = named.filter(({ where }) => where === 'both' || where === this.#side).map(({ symbol }) => symbol)
    const [first = 'NONE_LEFT'] = present
    return {
      type: 'enum',
      ...name,
      symbols: present.length > 0 ? present : [first],
      ...(hasDefault ? { default: first } : {}),
    }
  }

  #union(branches: readonly (readonly [Presence, Idea])[]): unknown {
    const types = branches.map(([where, idea]) => ({ where, type: this.type(idea) }))
    const present = types.filter(({ where }) => where === 'both' || where === this.#side).map(({ type }) => type)
    return present.length === 0 ? 'null' : union(present)
  }

  #name(change: Rename): { readonly name: string; readonly aliases?: readonly string[] } {
    this.#count += 1
    const name = `n.T${this.#count}`
    if (this.#side === 'writer' || change === 'kept') return { name }
    return { name: `n.Renamed${this.#count}`, ...(change === 'aliased' ? { aliases: [name] } : {}) }
  }
}

/** A legal union: flat, and with each unnamed type once. */
function union(types: readonly unknown[]): unknown {
  const byBranch = new Map<string, unknown>()
  for (const type of types.flat()) {
    const branch = branchName(type)
    if (!byBranch.has(branch)) byBranch.set(branch, type)
  }
  return [...byBranch.values()]
}

function branchName(type: unknown): string {
  if (typeof type === 'string') return type
  const { type: kind, name } = type as { type: string; name?: string }
  return name ?? kind
}

/** A default where it is easy to give one: of a primitive, or null for a union that begins with it. */
function defaultOf(type: unknown): { readonly default?: unknown } {
  const first: unknown = Array.isArray(type) ? type[0] : type
  return typeof first === 'string' && first in ZERO ? { default: ZERO[first as Primitive] } : {}
}
