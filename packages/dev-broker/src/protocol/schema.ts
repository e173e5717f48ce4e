// The one description of a message: a plain object, `as const`, from which both the TypeScript types and the bytes follow.
//
//   'int32'                a scalar: boolean int8 int16 int32 int64 string bytes records
//   'string?'              nullable
//   'int64 @5+'            on the wire from version 5 on (`@2-4`: from 2 to 4)
//   'int64 @5+ =-1'        what stands there when a handler leaves it out (`=` alone: the empty value);
//                          without `=` a handler must give it
//   [{ … }] or ['int32']   an array
//   ['? @7+', { … }]       an array with modifiers of its own: nullable, versions, default
//
// Fields are in wire order. A field absent from a version reads as its default, else as 0, '', false, null or [].

export type ScalarName = 'boolean' | 'int8' | 'int16' | 'int32' | 'int64' | 'string' | 'bytes' | 'records'

export type FieldElement = string | MessageSchema
export type FieldSchema = string | readonly [FieldElement] | readonly [string, FieldElement]
export interface MessageSchema {
  readonly [field: string]: FieldSchema
}

interface ScalarValues {
  boolean: boolean
  int8: number
  int16: number
  int32: number
  /** A JS number: offsets, timestamps and producer ids stay far below 2^53. */
  int64: number
  string: string
  bytes: Buffer
  /** Record batches, written one after the other without being joined first. */
  records: readonly Buffer[]
}

type Mode = 'decoded' | 'encodable'
type TypeToken<Spec extends string> = Spec extends `${infer Type} ${string}` ? Type : Spec
type ScalarValue<Type extends string> = Type extends `${infer Base}?`
  ? ScalarValue<Base> | null
  : Type extends keyof ScalarValues
    ? ScalarValues[Type]
    : never
type NullIf<Modifiers extends string> = Modifiers extends `?${string}` ? null : never
type ElementValue<E, M extends Mode> = E extends string ? ScalarValue<TypeToken<E>> : MessageValue<E, M>
type FieldValue<F, M extends Mode> = F extends string
  ? ScalarValue<TypeToken<F>>
  : F extends readonly [infer E]
    ? readonly ElementValue<E, M>[]
    : F extends readonly [infer Modifiers extends string, infer E]
      ? readonly ElementValue<E, M>[] | NullIf<Modifiers>
      : never
type MessageValue<S, M extends Mode> = M extends 'decoded' ? Decoded<S> : Encodable<S>

type Defaulted<F> = (F extends readonly [infer Modifiers, unknown] ? Modifiers : F) extends `${string}=${string}`
  ? true
  : false

/** What reading a message gives: every field, whatever the version. */
export type Decoded<S> = { readonly [K in keyof S]: FieldValue<S[K], 'decoded'> }

/** What writing a message takes: fields with a default may be left out. */
export type Encodable<S> = {
  readonly [K in keyof S as Defaulted<S[K]> extends true ? never : K]: FieldValue<S[K], 'encodable'>
} & {
  readonly [K in keyof S as Defaulted<S[K]> extends true ? K : never]?: FieldValue<S[K], 'encodable'> | undefined
}

export interface FieldShape {
  readonly name: string
  readonly element: ScalarName | MessageSchema
  readonly isArray: boolean
  readonly isNullable: boolean
  readonly sinceVersion: number
  readonly untilVersion: number
  readonly default: unknown
}

const EMPTY_VALUES: { readonly [Type in ScalarName]: ScalarValues[Type] } = {
  boolean: false,
  int8: 0,
  int16: 0,
  int32: 0,
  int64: 0,
  string: '',
  bytes: Buffer.alloc(0),
  records: [],
}

const SPEC = /^(?:([a-z]+\d*)(?=[? ]|$))?(\?)?(?: ?@(\d+)(?:(\+)|-(\d+))?)?(?: ?=(\S*))?$/

/** @throws Error when the schema itself is mistaken: a programming error, found by the test that compiles every one. */
export function fieldShape(name: string, field: FieldSchema): FieldShape {
  const isArray = typeof field !== 'string'
  const modifiers = !isArray ? field : field.length === 2 ? field[0] : ''
  const match = SPEC.exec(modifiers)
  if (match === null) throw new Error(`field ${name}: cannot read '${modifiers}'`)
  const [, type, nullable, since, open, until, fallback] = match
  const item = isArray ? field.at(-1) : type
  const element = typeof item === 'object' ? item : scalarName(name, item)
  const isNullable = nullable !== undefined
  const sinceVersion = Number(since ?? 0)
  const isOpen = since === undefined || open !== undefined
  return {
    name,
    element,
    isArray,
    isNullable,
    sinceVersion,
    untilVersion: isOpen ? Number.POSITIVE_INFINITY : Number(until ?? sinceVersion),
    default: fallback ? JSON.parse(fallback) : emptyValue(element, isArray, isNullable),
  }
}

function scalarName(field: string, type: string | undefined): ScalarName {
  if (type !== undefined && Object.hasOwn(EMPTY_VALUES, type)) return type as ScalarName
  throw new Error(`field ${field}: no type '${type}'`)
}

function emptyValue(element: ScalarName | MessageSchema, isArray: boolean, isNullable: boolean): unknown {
  if (isNullable) return null
  return isArray || typeof element !== 'string' ? [] : EMPTY_VALUES[element]
}
