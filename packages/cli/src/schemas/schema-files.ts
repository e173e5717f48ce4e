/** A schema as it stands now: `<name>.avsc`. */
export interface SchemaFile {
  readonly name: string
  /** Path for messages, relative to the schemas folder. */
  readonly file: string
  readonly text: string
}

/** A version that was, or is to be, registered: `history/<name>.<version>.avsc`. */
export interface SchemaVersionFile extends SchemaFile {
  /** Counts from 1 without gaps. */
  readonly version: number
}

/** A folder of schemas. */
export interface SchemaFiles {
  readonly current: readonly SchemaFile[]
  /** By name, then by version. */
  readonly history: readonly SchemaVersionFile[]
  /** Files in `history/` whose names say no version, relative to the schemas folder. */
  readonly strays: readonly string[]
}

export function historyOf({ history }: SchemaFiles, name: string): readonly SchemaVersionFile[] {
  return history.filter((version) => version.name === name)
}
