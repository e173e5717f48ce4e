// Whether bytes are an Avro body of a schema, without making values of it.
//
// avsc believes the counts it reads: a damaged array count of 2^32 keeps it busy for minutes, a map's for ever, and it
// cannot tell "these bytes do not parse" from "they parse and do not resolve". This check can, in bounded time.
//   B1. Takes time in proportion to the bytes, whatever they say.
//   B2. Passes every body an Avro writer makes of the schema.

import type avsc from 'avsc'
import { TowlineError } from '../towline-error.ts'

/** The position after the value that starts at `at`, or −1 when the bytes before `end` are no such value. */
export type BodyCheck = (bytes: Buffer, at: number, end: number) => number

/** Items of no bytes (null, empty records) that one block may claim: B1 has no bytes to measure them by. */
const MAX_EMPTY_ITEMS = 10_000
const MAX_LONG_BYTES = 10

/** Compiles the check of a type. Recursive types refer to themselves. */
export function compileBodyCheck(type: avsc.Type): BodyCheck {
  return compile(type, new Map())
}

/** Whether avsc reads counts from the bytes of this type: only then must they be checked before it may read them. */
export function hasCounts(type: avsc.Type, seen: Set<avsc.Type> = new Set()): boolean {
  if (seen.has(type)) return false
  seen.add(type)
  if (type.typeName === 'array' || type.typeName === 'map') return true
  if (isRecord(type)) return type.fields.some((field) => hasCounts(field.type, seen))
  return isUnion(type) && type.types.some((branch) => hasCounts(branch, seen))
}

function isRecord(type: avsc.Type): type is avsc.types.RecordType {
  return type.typeName === 'record' || type.typeName === 'error'
}

function isUnion(type: avsc.Type): type is avsc.types.UnwrappedUnionType {
  return type.typeName.startsWith('union')
}

function compile(type: avsc.Type, known: Map<avsc.Type, BodyCheck>): BodyCheck {
  const ready = known.get(type)
  if (ready !== undefined) return ready
  // Entered before it is compiled, so that a recursive type finds itself.
  let check: BodyCheck = () => -1
  known.set(type, (bytes, at, end) => check(bytes, at, end))
  check = checkOf(type, (inner) => compile(inner, known))
  return check
}

/** Logical types never occur: schemas are compiled without any. */
function checkOf(type: avsc.Type, inner: (type: avsc.Type) => BodyCheck): BodyCheck {
  if (isRecord(type)) return sequence(type.fields.map((field) => inner(field.type)))
  if (isUnion(type)) return indexed(type.types.map(inner))
  switch (type.typeName) {
    case 'null':
      return skipNothing
    case 'boolean':
      return fixed(1)
    case 'int':
    case 'long':
      return skipLong
    case 'float':
      return fixed(4)
    case 'double':
      return fixed(8)
    case 'fixed':
      return fixed((type as avsc.types.FixedType).size)
    case 'bytes':
    case 'string':
      return skipSized
    case 'enum':
      return indexed((type as avsc.types.EnumType).symbols.map(() => skipNothing))
    case 'array':
      return blocks(inner((type as avsc.types.ArrayType).itemsType))
    case 'map':
      return blocks(sequence([skipSized, inner((type as avsc.types.MapType).valuesType as avsc.Type)]))
    default:
      throw new TowlineError('TOWLINE_INTERNAL', `avsc compiled a type Towline does not know: ${type.typeName}`)
  }
}

const skipNothing: BodyCheck = (_bytes, at) => at

function fixed(size: number): BodyCheck {
  return (_bytes, at, end) => (at + size <= end ? at + size : -1)
}

function sequence(checks: readonly BodyCheck[]): BodyCheck {
  return (bytes, start, end) => {
    let at = start
    for (const check of checks) {
      at = check(bytes, at, end)
      if (at < 0) return -1
    }
    return at
  }
}

/** A branch or symbol number, then what that branch holds. */
function indexed(branches: readonly BodyCheck[]): BodyCheck {
  return (bytes, at, end) => {
    const after = skipLong(bytes, at, end)
    const branch = after < 0 ? undefined : branches[readLong(bytes, at)]
    return branch === undefined ? -1 : branch(bytes, after, end)
  }
}

/** Blocks of items: a count, or a negative count and the block's size in bytes, then the items; a count of 0 ends them. */
function blocks(item: BodyCheck): BodyCheck {
  return (bytes, start, end) => {
    let at = start
    for (;;) {
      const counted = skipLong(bytes, at, end)
      if (counted < 0) return -1
      const count = readLong(bytes, at)
      if (count === 0) return counted
      const sized = count < 0 ? skipLong(bytes, counted, end) : counted
      if (sized < 0) return -1
      at = items(item, Math.abs(count), bytes, sized, end)
      if (at < 0 || (count < 0 && at - sized !== readLong(bytes, counted))) return -1
    }
  }
}

function items(item: BodyCheck, count: number, bytes: Buffer, start: number, end: number): number {
  let at = start
  for (let done = 0; done < count; done += 1) {
    const next = item(bytes, at, end)
    if (next < 0 || (next === at && count > MAX_EMPTY_ITEMS)) return -1
    at = next
  }
  return at
}

function skipSized(bytes: Buffer, at: number, end: number): number {
  const start = skipLong(bytes, at, end)
  if (start < 0) return -1
  const length = readLong(bytes, at)
  return length >= 0 && length <= end - start ? start + length : -1
}

function skipLong(bytes: Buffer, start: number, end: number): number {
  const limit = Math.min(end, start + MAX_LONG_BYTES)
  for (let at = start; at < limit; at += 1) if ((bytes[at] as number) < 0x80) return at + 1
  return -1
}

/** A zigzag varint known to be whole; exact up to 2^53, and beyond any buffer's length above. */
function readLong(bytes: Buffer, start: number): number {
  const first = bytes[start] as number
  if (first < 0x80) return (first >>> 1) ^ -(first & 1)
  let value = first & 0x7f
  let factor = 128
  for (let at = start + 1; ; at += 1, factor *= 128) {
    const byte = bytes[at] as number
    value += (byte & 0x7f) * factor
    if (byte < 0x80) break
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}
