// Turns a message schema and a version into a reader and a writer, once per (message, version, encoding).

import { MalformedRequestError, type Reader } from './reader.ts'
import type { FieldShape, MessageSchema, ScalarName } from './schema.ts'
import { fieldShape } from './schema.ts'
import type { FrameWriter } from './writer.ts'

type ReadValue = (reader: Reader) => unknown
type WriteValue = (writer: FrameWriter, value: unknown) => void

interface ValueCodec {
  readonly read: ReadValue
  readonly write: WriteValue
}

/** How lengths are written: int16/int32 with −1 for null, or (flexible versions) an unsigned varint of length + 1. */
interface LengthCodec {
  readonly read: (reader: Reader, isShort: boolean) => number
  readonly write: (writer: FrameWriter, length: number, isShort: boolean) => void
}

const CLASSIC_LENGTHS: LengthCodec = {
  read: (reader, isShort) => (isShort ? reader.int16() : reader.int32()),
  write: (writer, length, isShort) => (isShort ? writer.int16(length) : writer.int32(length)),
}
const COMPACT_LENGTHS: LengthCodec = {
  read: (reader) => reader.uvarint() - 1,
  write: (writer, length) => writer.uvarint(length + 1),
}

/** A codec for `schema` at `version`; `isFlexible` switches to compact lengths and tagged-field sections (KIP-482). */
export function compileMessage(schema: MessageSchema, version: number, isFlexible: boolean): ValueCodec {
  const lengths = isFlexible ? COMPACT_LENGTHS : CLASSIC_LENGTHS
  const fields = Object.entries(schema).map(([name, field]) => {
    const shape = fieldShape(name, field)
    const isOnWire = version >= shape.sinceVersion && version <= shape.untilVersion
    return { name, default: shape.default, codec: isOnWire ? compileField(shape, version, isFlexible, lengths) : null }
  })
  const onWire = fields.flatMap((field) => (field.codec === null ? [] : [{ ...field, codec: field.codec }]))
  return {
    read(reader) {
      const message: Record<string, unknown> = {}
      for (const { name, codec, default: fallback } of fields)
        message[name] = codec === null ? fallback : codec.read(reader)
      if (isFlexible) reader.skipTags()
      return message
    },
    write(writer, value) {
      const message = value as Readonly<Record<string, unknown>>
      for (const { name, codec, default: fallback } of onWire) {
        const field = message[name]
        codec.write(writer, field === undefined ? fallback : field)
      }
      if (isFlexible) writer.uvarint(0)
    },
  }
}

function compileField(shape: FieldShape, version: number, isFlexible: boolean, lengths: LengthCodec): ValueCodec {
  const element =
    typeof shape.element === 'string'
      ? scalarCodec(shape.element, !shape.isArray && shape.isNullable, lengths)
      : compileMessage(shape.element, version, isFlexible)
  return shape.isArray ? arrayCodec(element, shape.isNullable, lengths) : element
}

function arrayCodec(element: ValueCodec, isNullable: boolean, lengths: LengthCodec): ValueCodec {
  return {
    read(reader) {
      const length = lengths.read(reader, false)
      if (length < 0) return nullOrMalformed(isNullable)
      // Every element takes at least a byte: a longer array is a lie that must not be allocated.
      if (length > reader.remainingBytes) throw new MalformedRequestError(`an array of ${length} elements`)
      const items: unknown[] = []
      for (let i = 0; i < length; i++) items.push(element.read(reader))
      return items
    },
    write(writer, value) {
      const items = value as readonly unknown[] | null
      lengths.write(writer, items === null ? -1 : items.length, false)
      for (const item of items ?? []) element.write(writer, item)
    },
  }
}

type FixedScalar = 'boolean' | 'int8' | 'int16' | 'int32' | 'int64'

const FIXED: { readonly [Type in FixedScalar]: ValueCodec } = {
  boolean: { read: (reader) => reader.boolean(), write: (writer, value) => writer.boolean(value as boolean) },
  int8: { read: (reader) => reader.int8(), write: (writer, value) => writer.int8(value as number) },
  int16: { read: (reader) => reader.int16(), write: (writer, value) => writer.int16(value as number) },
  int32: { read: (reader) => reader.int32(), write: (writer, value) => writer.int32(value as number) },
  int64: { read: (reader) => reader.int64(), write: (writer, value) => writer.int64(value as number) },
}

interface SizedScalar<Value> {
  readonly isShort: boolean
  readonly sizeOf: (value: Value) => number
  readonly read: (reader: Reader, sizeBytes: number) => Value
  readonly write: (writer: FrameWriter, value: Value, sizeBytes: number) => void
}

const STRING: SizedScalar<string> = {
  isShort: true,
  sizeOf: (text) => Buffer.byteLength(text),
  read: (reader, sizeBytes) => reader.utf8(sizeBytes),
  write: (writer, text, sizeBytes) => writer.utf8(text, sizeBytes),
}
const BYTES: SizedScalar<Buffer> = {
  isShort: false,
  sizeOf: (bytes) => bytes.length,
  read: (reader, sizeBytes) => reader.slice(sizeBytes),
  write: (writer, bytes) => writer.blob(bytes),
}
const RECORDS: SizedScalar<readonly Buffer[]> = {
  isShort: false,
  sizeOf: (batches) => batches.reduce((total, batch) => total + batch.length, 0),
  read: (reader, sizeBytes) => [reader.slice(sizeBytes)],
  write: (writer, batches) => {
    for (const batch of batches) writer.blob(batch)
  },
}

function scalarCodec(type: ScalarName, isNullable: boolean, lengths: LengthCodec): ValueCodec {
  switch (type) {
    case 'string':
      return sizedCodec(STRING, isNullable, lengths)
    case 'bytes':
      return sizedCodec(BYTES, isNullable, lengths)
    case 'records':
      return sizedCodec(RECORDS, isNullable, lengths)
    default:
      return FIXED[type]
  }
}

function sizedCodec<Value>(scalar: SizedScalar<Value>, isNullable: boolean, lengths: LengthCodec): ValueCodec {
  return {
    read(reader) {
      const sizeBytes = lengths.read(reader, scalar.isShort)
      return sizeBytes < 0 ? nullOrMalformed(isNullable) : scalar.read(reader, sizeBytes)
    },
    write(writer, value) {
      const sizeBytes = value === null ? -1 : scalar.sizeOf(value as Value)
      lengths.write(writer, sizeBytes, scalar.isShort)
      if (value !== null) scalar.write(writer, value as Value, sizeBytes)
    },
  }
}

function nullOrMalformed(isNullable: boolean): null {
  if (!isNullable) throw new MalformedRequestError('null where a value must be')
  return null
}
