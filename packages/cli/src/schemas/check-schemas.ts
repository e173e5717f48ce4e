import { checkCompatibility, InvalidAvroSchemaError } from '@towline/dev-broker'
import { historyOf, type SchemaFile, type SchemaFiles, type SchemaVersionFile } from './schema-files.ts'
import { readSchemaModel, shortName } from './schema-model.ts'
import { type BrokenRule, rulesBroken } from './schema-rules.ts'

/** A rule that a folder of schemas breaks. */
export interface SchemaProblem extends BrokenRule {
  /** The file to change, relative to the schemas folder. */
  readonly file: string
}

/**
 * Every rule that the folder breaks: schemas that are no Avro or no plain JSON, a current schema that is not the newest
 * of its history, versions that are not FULL_TRANSITIVE compatible. Empty when all is well.
 */
export function checkSchemas(files: SchemaFiles): readonly SchemaProblem[] {
  const names = new Set([...files.current, ...files.history].map(({ name }) => name))
  return [
    ...files.strays.map(strayProblem),
    ...files.current.flatMap(currentProblems),
    ...sharedNameProblems(files.current),
    ...[...names].sort().flatMap((name) => historyProblems(files, name)),
  ]
}

function strayProblem(file: string): SchemaProblem {
  const problem = 'the name says no version'
  return { file, path: '', problem, wayOut: 'name it <name>.<version>.avsc, with versions from 1, or remove it' }
}

function currentProblems({ file, text }: SchemaFile): readonly SchemaProblem[] {
  const problem = invalidity(text)
  if (problem !== undefined) return [{ file, path: '', problem, wayOut: 'correct the schema' }]
  return rulesBroken(readSchemaModel(text)).map((broken) => ({ file, ...broken }))
}

function historyProblems(files: SchemaFiles, name: string): readonly SchemaProblem[] {
  const history = historyOf(files, name)
  const current = files.current.find((schema) => schema.name === name)
  const gap = history.find(({ version }, index) => version !== index + 1)
  if (gap !== undefined) return [gapProblem(gap, history.indexOf(gap) + 1)]
  return [...compatibilityProblems(history), ...newestProblems(name, current, history.at(-1))]
}

function gapProblem({ file, version }: SchemaVersionFile, expected: number): SchemaProblem {
  const problem = `version ${version} follows where version ${expected} should stand`
  return { file, path: '', problem, wayOut: 'restore the missing version: registries have it' }
}

function newestProblems(
  name: string,
  current: SchemaFile | undefined,
  newest: SchemaVersionFile | undefined,
): readonly SchemaProblem[] {
  if (newest === undefined) {
    const wayOut = `copy ${name}.avsc to history/${name}.1.avsc`
    return [{ file: `${name}.avsc`, path: '', problem: 'it has no history', wayOut }]
  }
  if (current === undefined) {
    const wayOut = `copy it to ${name}.avsc: records written with it may still be read`
    return [{ file: newest.file, path: '', problem: 'it has no current schema', wayOut }]
  }
  if (compactJson(current.text) === compactJson(newest.text)) return []
  const problem = `it differs from ${newest.file}, the newest of its history`
  const wayOut = `copy it to history/${name}.${newest.version + 1}.avsc, or undo the change`
  return [{ file: current.file, path: '', problem, wayOut }]
}

function compatibilityProblems(history: readonly SchemaVersionFile[]): readonly SchemaProblem[] {
  const unreadable = history.flatMap(unreadableVersion)
  if (unreadable.length > 0) return unreadable
  return history.flatMap(({ file, text }, index) => {
    const against = history.slice(0, index).map((earlier) => ({ version: earlier.version, schema: earlier.text }))
    const found = checkCompatibility({ candidate: text, against, level: 'FULL_TRANSITIVE' })
    return found.map(({ path, message, wayOut }) => ({ file, path, problem: message, wayOut }))
  })
}

function unreadableVersion({ file, text }: SchemaVersionFile): readonly SchemaProblem[] {
  const problem = invalidity(text)
  return problem === undefined ? [] : [{ file, path: '', problem, wayOut: 'restore the version as it was registered' }]
}

function invalidity(text: string): string | undefined {
  try {
    readSchemaModel(text)
    return undefined
  } catch (error) {
    if (error instanceof InvalidAvroSchemaError) return error.message
    throw error
  }
}

/** A record of one full name that differs between two files would be one name for two things. */
function sharedNameProblems(current: readonly SchemaFile[]): readonly SchemaProblem[] {
  const first = new Map<string, { readonly file: string; readonly definition: string }>()
  return current
    .filter(({ text }) => invalidity(text) === undefined)
    .flatMap(({ file, text }) =>
      [...readSchemaModel(text).named].flatMap(([name, named]) => {
        const definition = JSON.stringify(named)
        const other = first.get(name)
        if (other === undefined) first.set(name, { file, definition })
        if (other === undefined || other.definition === definition) return []
        const problem = `${name} is not what it is in ${other.file}`
        return [{ file, path: shortName(name), problem, wayOut: 'give both the same definition, or one another name' }]
      }),
    )
}

function compactJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}
