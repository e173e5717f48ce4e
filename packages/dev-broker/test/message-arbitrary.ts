import fc from 'fast-check'
import { fieldShape, type MessageSchema, type ScalarName } from '../src/protocol/schema.ts'

const SCALARS: { readonly [Type in ScalarName]: fc.Arbitrary<unknown> } = {
  boolean: fc.boolean(),
  int8: fc.integer({ min: -128, max: 127 }),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  string: fc.string({ unit: fc.constantFrom('a', '-', 'é', '𐀀', '\0'), maxLength: 8 }),
  bytes: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  records: fc.uint8Array({ maxLength: 40 }).map((bytes) => [Buffer.from(bytes)]),
}

/** Any message of the schema as reading it at `version` gives it: fields of other versions at their default. */
export function messageOf(schema: MessageSchema, version: number): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(schema).map(([name, field]) => {
    const shape = fieldShape(name, field)
    if (version < shape.sinceVersion || version > shape.untilVersion) return [name, fc.constant(shape.default)] as const
    const element = typeof shape.element === 'string' ? SCALARS[shape.element] : messageOf(shape.element, version)
    const value = shape.isArray ? fc.array(element, { maxLength: 3 }) : element
    return [name, shape.isNullable ? fc.option(value, { nil: null }) : value] as const
  })
  return fc.record(Object.fromEntries(fields))
}
