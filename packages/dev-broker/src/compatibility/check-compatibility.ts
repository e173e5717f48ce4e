import type { CompatibilityLevel, Incompatibility } from './incompatibility.ts'
import { type ParsedAvroSchema, parseAvroSchema } from './parse-avro-schema.ts'
import { schemaMismatches } from './schema-resolution.ts'

/** An earlier version of the candidate's schema. */
export interface EarlierSchema {
  readonly version: number
  /** Its JSON text. */
  readonly schema: string
}

export interface CompatibilityCheck {
  /** JSON text of the schema that wants to become the next version. */
  readonly candidate: string
  /** Oldest first. `BACKWARD` looks at the last one only. */
  readonly against: readonly EarlierSchema[]
  readonly level: CompatibilityLevel
}

/**
 * Every reason why `candidate` may not follow the earlier versions at the given level; empty when it may.
 * @throws InvalidAvroSchemaError when one of the texts is no Avro schema.
 */
export function checkCompatibility({ candidate, against, level }: CompatibilityCheck): readonly Incompatibility[] {
  const parsed = parseAvroSchema(candidate)
  switch (level) {
    case 'NONE':
      return []
    case 'BACKWARD':
      return against.slice(-1).flatMap((earlier) => candidateReads(parsed, earlier))
    case 'FULL_TRANSITIVE':
      return against.flatMap((earlier) => [...candidateReads(parsed, earlier), ...earlierReads(parsed, earlier)])
  }
}

function candidateReads(candidate: ParsedAvroSchema, earlier: EarlierSchema): readonly Incompatibility[] {
  const { type: writer } = parseAvroSchema(earlier.schema)
  const sides = { reader: 'the new schema', writer: `version ${earlier.version}`, candidate: 'reader' } as const
  return schemaMismatches(candidate.type, writer, sides).map((mismatch) => ({
    ...mismatch,
    version: earlier.version,
    reader: 'candidate',
  }))
}

function earlierReads(candidate: ParsedAvroSchema, earlier: EarlierSchema): readonly Incompatibility[] {
  const { type: reader } = parseAvroSchema(earlier.schema)
  const sides = { reader: `version ${earlier.version}`, writer: 'the new schema', candidate: 'writer' } as const
  return schemaMismatches(reader, candidate.type, sides).map((mismatch) => ({
    ...mismatch,
    version: earlier.version,
    reader: 'earlier',
  }))
}
