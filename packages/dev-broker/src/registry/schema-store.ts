import { checkCompatibility } from '../compatibility/check-compatibility.ts'
import type { CompatibilityLevel, Incompatibility } from '../compatibility/incompatibility.ts'
import { InvalidAvroSchemaError, type ParsedAvroSchema, parseAvroSchema } from '../compatibility/parse-avro-schema.ts'
import {
  incompatibleSchema,
  invalidSchema,
  schemaIdNotFound,
  schemaNotInSubject,
  subjectLevelNotSet,
  subjectNotFound,
  versionNotFound,
} from './registry-error.ts'

/** One schema text under one id, shared by every subject that registered it. */
export interface StoredSchema {
  readonly id: number
  /** Its JSON text without white space, as first registered. */
  readonly text: string
  readonly identity: string
}

export interface StoredVersion extends StoredSchema {
  /** Counts from 1 within the subject. */
  readonly version: number
}

/** A version's number, or the newest one. */
export type VersionSelector = number | 'latest'

/** What a registry remembers, in memory. Every refusal is a RegistryError. */
export class SchemaStore {
  readonly #schemas: StoredSchema[] = []
  readonly #schemaByIdentity = new Map<string, StoredSchema>()
  readonly #versionsBySubject = new Map<string, StoredVersion[]>()
  readonly #levelBySubject = new Map<string, CompatibilityLevel>()
  /** What holds for a subject without a level of its own. Confluent's default is BACKWARD too. */
  globalLevel: CompatibilityLevel = 'BACKWARD'

  subjects(): readonly string[] {
    return [...this.#versionsBySubject.keys()].sort()
  }

  versions(subject: string): readonly StoredVersion[] {
    const versions = this.#versionsBySubject.get(subject)
    if (versions === undefined) throw subjectNotFound(subject)
    return versions
  }

  version(subject: string, selector: VersionSelector): StoredVersion {
    const versions = this.versions(subject)
    const found = selector === 'latest' ? versions.at(-1) : versions[selector - 1]
    if (found === undefined) throw versionNotFound(selector === 'latest' ? 0 : selector)
    return found
  }

  schema(id: string): StoredSchema {
    const schema = /^[1-9][0-9]{0,9}$/.test(id) ? this.#schemas[Number(id) - 1] : undefined
    if (schema === undefined) throw schemaIdNotFound(id)
    return schema
  }

  /** The version under which exactly this schema stands in the subject. */
  lookUp(subject: string, text: string): StoredVersion {
    const versions = this.versions(subject)
    const { identity } = parse(text)
    const found = versions.find((version) => version.identity === identity)
    if (found === undefined) throw schemaNotInSubject(subject)
    return found
  }

  /** Adds a version, or finds it again when the subject has it. */
  register(subject: string, text: string): StoredSchema {
    const parsed = parse(text)
    const versions = this.#versionsBySubject.get(subject) ?? []
    const known = versions.find((version) => version.identity === parsed.identity)
    if (known !== undefined) return known
    const problems = this.#check(subject, parsed, versions)
    if (problems.length > 0) throw incompatibleSchema(problems)
    const schema = this.#remember(parsed)
    this.#versionsBySubject.set(subject, [...versions, { ...schema, version: versions.length + 1 }])
    return schema
  }

  /** What keeps the schema from standing beside one version. A subject without versions takes anything as its latest. */
  incompatibilities(subject: string, selector: VersionSelector, text: string): readonly Incompatibility[] {
    const parsed = parse(text)
    if (selector === 'latest' && !this.#versionsBySubject.has(subject)) return []
    return this.#check(subject, parsed, [this.version(subject, selector)])
  }

  subjectLevel(subject: string): CompatibilityLevel {
    const level = this.#levelBySubject.get(subject)
    if (level === undefined) throw subjectLevelNotSet(subject)
    return level
  }

  effectiveLevel(subject: string): CompatibilityLevel {
    return this.#levelBySubject.get(subject) ?? this.globalLevel
  }

  setSubjectLevel(subject: string, level: CompatibilityLevel): void {
    this.#levelBySubject.set(subject, level)
  }

  #check(subject: string, { text }: ParsedAvroSchema, versions: readonly StoredVersion[]): readonly Incompatibility[] {
    const against = versions.map(({ version, text: schema }) => ({ version, schema }))
    return checkCompatibility({ candidate: text, against, level: this.effectiveLevel(subject) })
  }

  #remember({ text, identity }: ParsedAvroSchema): StoredSchema {
    const known = this.#schemaByIdentity.get(identity)
    if (known !== undefined) return known
    const schema = { id: this.#schemas.length + 1, text, identity }
    this.#schemas.push(schema)
    this.#schemaByIdentity.set(identity, schema)
    return schema
  }
}

function parse(text: string): ParsedAvroSchema {
  try {
    return parseAvroSchema(text)
  } catch (error) {
    if (error instanceof InvalidAvroSchemaError) throw invalidSchema(error.message)
    throw error
  }
}
