import { checkCompatibility } from '../compatibility/check-compatibility.ts'
import type { CompatibilityLevel, Incompatibility } from '../compatibility/incompatibility.ts'
import { InvalidAvroSchemaError, type ParsedAvroSchema, parseAvroSchema } from '../compatibility/parse-avro-schema.ts'
import { type Journal, NO_JOURNAL } from '../disk/journal.ts'
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

export type SchemaChange =
  | { readonly kind: 'schema-registered'; readonly subject: string; readonly id: number; readonly text: string }
  /** `subject` null: what holds for every subject without a level of its own. */
  | { readonly kind: 'level-set'; readonly subject: string | null; readonly level: CompatibilityLevel }

/** What a registry remembers. Every refusal is a RegistryError; what changes it may throw StorageError instead. */
export class SchemaStore {
  readonly #schemas: StoredSchema[] = []
  readonly #schemaByIdentity = new Map<string, StoredSchema>()
  readonly #versionsBySubject = new Map<string, StoredVersion[]>()
  readonly #levelBySubject = new Map<string, CompatibilityLevel>()
  readonly #journal: Journal<SchemaChange>
  #globalLevel: CompatibilityLevel = 'BACKWARD'

  constructor(journal: Journal<SchemaChange> = NO_JOURNAL) {
    this.#journal = journal
  }

  /** What holds for a subject without a level of its own. Confluent's default is BACKWARD too. */
  get globalLevel(): CompatibilityLevel {
    return this.#globalLevel
  }

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
    const { id, text: storedText } = this.#schemaByIdentity.get(parsed.identity) ?? {
      id: this.#schemas.length + 1,
      text: parsed.text,
    }
    this.#make({ kind: 'schema-registered', subject, id, text: storedText })
    return this.version(subject, 'latest')
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
    return this.#levelBySubject.get(subject) ?? this.#globalLevel
  }

  /** `subject` null: of every subject without a level of its own. */
  setLevel(subject: string | null, level: CompatibilityLevel): void {
    this.#make({ kind: 'level-set', subject, level })
  }

  /** Brings about what was written before: by `#make`, or in an earlier life of the registry. */
  apply(change: SchemaChange): void {
    switch (change.kind) {
      case 'schema-registered':
        this.#add(change)
        break
      case 'level-set':
        if (change.subject === null) this.#globalLevel = change.level
        else this.#levelBySubject.set(change.subject, change.level)
        break
    }
  }

  /** What makes a store like this one. */
  *changes(): Generator<SchemaChange> {
    yield { kind: 'level-set', subject: null, level: this.#globalLevel }
    for (const [subject, level] of this.#levelBySubject) yield { kind: 'level-set', subject, level }
    for (const [subject, versions] of this.#versionsBySubject)
      for (const { id, text } of versions) yield { kind: 'schema-registered', subject, id, text }
  }

  #make(change: SchemaChange): void {
    this.#journal.write(change)
    this.apply(change)
  }

  #check(subject: string, { text }: ParsedAvroSchema, versions: readonly StoredVersion[]): readonly Incompatibility[] {
    const against = versions.map(({ version, text: schema }) => ({ version, schema }))
    return checkCompatibility({ candidate: text, against, level: this.effectiveLevel(subject) })
  }

  #add({ subject, id, text }: SchemaChange & { kind: 'schema-registered' }): void {
    const schema = { id, text, identity: parse(text).identity }
    this.#schemas[id - 1] ??= schema
    this.#schemaByIdentity.set(schema.identity, this.#schemas[id - 1] ?? schema)
    const versions = this.#versionsBySubject.get(subject) ?? []
    this.#versionsBySubject.set(subject, [...versions, { ...schema, version: versions.length + 1 }])
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
