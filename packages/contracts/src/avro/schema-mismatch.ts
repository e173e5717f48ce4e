import type avsc from 'avsc'
import { TowlineError } from '../towline-error.ts'

/**
 * The error of a value that is not of its type. It names the path, what should stand there and what kind of thing does;
 * never the value, so that no payload gets into logs (avsc's own messages hold it: they are not passed on).
 *
 * @param thrown What the encoder threw: the cause where the value itself threw.
 */
export function schemaMismatch(type: avsc.Type, schemaName: string, value: unknown, thrown: unknown): TowlineError {
  const found = firstMismatch(type, value)
  const wayOut = 'Give a value of the schema, or change the schema by its evolution rules'
  if (found === undefined) {
    const message = `${schemaName}: the value could not be read`
    return new TowlineError('TOWLINE_SCHEMA_MISMATCH', message, { wayOut, cause: thrown })
  }
  const { path, wanted, got } = found
  return new TowlineError('TOWLINE_SCHEMA_MISMATCH', `${schemaName}: ${path} must be ${wanted}, got ${got}`, {
    value: `${path}: ${got}`,
    bound: wanted,
    wayOut,
  })
}

interface Mismatch {
  readonly path: string
  readonly wanted: string
  readonly got: string
}

function firstMismatch(type: avsc.Type, value: unknown): Mismatch | undefined {
  let found: Mismatch | undefined
  try {
    type.isValid(value, {
      errorHook: (path, part: unknown, partType) => {
        found ??= { path: pathText(path), wanted: wantedText(partType), got: kindOf(part) }
      },
    })
  } catch {
    return found // A getter of the value threw; the cause of the error says so.
  }
  return found
}

function pathText(path: readonly string[]): string {
  return path.length === 0 ? '(root)' : path.join('.')
}

function wantedText(type: avsc.Type): string {
  if (type.typeName === 'long') return 'a long (whole number within ±(2^53 − 1))'
  if (type.typeName === 'enum') return `one of ${(type as avsc.types.EnumType).symbols.join(', ')}`
  if (type.typeName.startsWith('union')) {
    const branches = (type as avsc.types.UnwrappedUnionType).types.map((branch) => branch.branchName)
    return `one of ${branches.join(', ')}`
  }
  return type.name === undefined ? type.typeName : `${type.typeName} ${type.name}`
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (Buffer.isBuffer(value)) return 'bytes'
  if (typeof value !== 'number') return typeof value
  if (!Number.isFinite(value)) return String(value)
  if (!Number.isInteger(value)) return 'a number with a fraction'
  return Number.isSafeInteger(value) ? 'a whole number' : 'a whole number beyond 2^53 − 1'
}
