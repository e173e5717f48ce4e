// What `towline schemas check|push|types` do, and the only file here that touches the disk.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { TowlineError } from '@towline/contracts'
import { checkSchemas, type SchemaProblem } from './check-schemas.ts'
import { generateTypes } from './generate-types.ts'
import { type PushedSchema, type PushRegistry, pushSchemas } from './push-schemas.ts'
import type { SchemaFiles, SchemaVersionFile } from './schema-files.ts'

/** A schema and the file its types go to. */
export interface TypesTarget {
  /** The schema's file. */
  readonly schema: string
  /** The TypeScript file to write. */
  readonly out: string
  /** Where the generated file imports `avroSchema` from. Default `@towline/contracts`. */
  readonly importFrom?: string
}

/** Where this repository keeps the types of its own schemas, relative to its root. */
export const TOWLINE_TYPES: readonly TypesTarget[] = [
  ...['task-result', 'task-event'].map((name) => ({
    schema: `schemas/${name}.avsc`,
    out: `packages/contracts/src/generated/${name}.ts`,
    importFrom: '../avro/avro-schema.ts',
  })),
  ...['digest-request', 'digest-report'].map((name) => ({
    schema: `schemas/${name}.avsc`,
    out: `packages/cli/src/generated/${name}.ts`,
  })),
]

/** A target whose file was made, or found as it should be. */
export interface WrittenTypes {
  readonly schema: string
  readonly out: string
  readonly change: 'created' | 'updated' | 'unchanged'
}

/**
 * Writes the TypeScript types of schemas. Paths are relative to `root`. All are generated before the first is written.
 * @throws TowlineError TOWLINE_SCHEMA_INVALID, or TOWLINE_INPUT_INVALID when a schema cannot be read.
 */
export async function runSchemasTypes(root: string, targets: readonly TypesTarget[]): Promise<readonly WrittenTypes[]> {
  const generated = await Promise.all(
    targets.map(async (target) => ({ ...target, source: await typesOf(root, target) })),
  )
  return Promise.all(
    generated.map(async ({ schema, out, source }) => ({
      schema,
      out,
      change: await writeIfChanged(join(root, out), source),
    })),
  )
}

/** The source that {@link runSchemasTypes} would write for a target. */
export async function typesOf(root: string, { schema, importFrom }: TypesTarget): Promise<string> {
  const text = await readSchema(join(root, schema))
  return generateTypes({ file: schema, text, ...(importFrom === undefined ? {} : { importFrom }) })
}

/** A target for every schema of a folder: `schemas/x.avsc` goes to `<outFolder>/x.ts`. */
export function typesTargets(folder: string, files: SchemaFiles, outFolder: string): readonly TypesTarget[] {
  return files.current.map(({ name, file }) => ({ schema: join(folder, file), out: join(outFolder, `${name}.ts`) }))
}

/**
 * Checks a folder of schemas against every rule.
 * @throws TowlineError TOWLINE_INPUT_INVALID when it cannot be read, or holds no schema: a wrong folder keeps every rule.
 */
export async function runSchemasCheck(folder: string): Promise<readonly SchemaProblem[]> {
  const files = await readSchemaFiles(folder)
  if (files.current.length > 0 || files.history.length > 0 || files.strays.length > 0) return checkSchemas(files)
  throw new TowlineError('TOWLINE_INPUT_INVALID', `${folder} holds no schema`, {
    value: folder,
    wayOut: 'Name a folder that holds <name>.avsc files and history/<name>.<version>.avsc',
  })
}

export interface SchemasPush {
  readonly folder: string
  /** Which schema each subject has, by its file's name: `['digest.tasks-value', 'digest-request']`. */
  readonly subjects: ReadonlyMap<string, string>
  readonly registry: PushRegistry
}

/**
 * Registers the history of a folder, after checking it.
 * @throws TowlineError TOWLINE_SCHEMA_INCOMPATIBLE when the check finds a problem: then nothing was pushed. Whatever the
 *   registry throws.
 */
export async function runSchemasPush({ folder, subjects, registry }: SchemasPush): Promise<readonly PushedSchema[]> {
  const files = await readSchemaFiles(folder)
  const problems = checkSchemas(files)
  const [first] = problems
  if (first === undefined) return pushSchemas({ files, subjects, registry })
  const where = first.path === '' ? first.file : `${first.file}: ${first.path}`
  throw new TowlineError('TOWLINE_SCHEMA_INCOMPATIBLE', `${where}: ${first.problem}`, {
    value: `${problems.length} problems`,
    wayOut: `${first.wayOut}; \`towline schemas check\` lists every problem`,
  })
}

/** Reads a folder of schemas and its `history/`. @throws TowlineError TOWLINE_INPUT_INVALID */
export async function readSchemaFiles(folder: string): Promise<SchemaFiles> {
  const current = (await list(folder)).filter((file) => file.endsWith('.avsc'))
  const old = await listIfThere(join(folder, 'history'))
  const versions = await Promise.all(old.map((file) => readVersion(folder, file)))
  return {
    current: await Promise.all(
      current.map(async (file) => ({
        name: basename(file, '.avsc'),
        file,
        text: await readSchema(join(folder, file)),
      })),
    ),
    history: versions
      .filter((version) => version !== undefined)
      .sort((a, b) => (a.name === b.name ? a.version - b.version : a.name < b.name ? -1 : 1)),
    strays: old.filter((_file, index) => versions[index] === undefined).map((file) => `history/${file}`),
  }
}

async function readVersion(folder: string, file: string): Promise<SchemaVersionFile | undefined> {
  const match = /^(?<name>.+)\.(?<version>[1-9][0-9]*)\.avsc$/.exec(file)
  const { name, version } = match?.groups ?? {}
  if (name === undefined || version === undefined) return undefined
  const text = await readSchema(join(folder, 'history', file))
  return { name, version: Number(version), file: `history/${file}`, text }
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    return await filesIn(folder)
  } catch (error) {
    throw unreadable(folder, error)
  }
}

/** No files where there is no such folder: the first schema has no history yet. */
async function listIfThere(folder: string): Promise<readonly string[]> {
  try {
    return await filesIn(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw unreadable(folder, error)
  }
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort()
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

async function readSchema(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
}

function unreadable(path: string, error: unknown): TowlineError {
  const reason = isMissing(error) ? 'no such folder' : error instanceof Error ? error.message : String(error)
  return new TowlineError('TOWLINE_INPUT_INVALID', `cannot read ${path}: ${reason}`, {
    value: path,
    wayOut: 'Name a folder that holds <name>.avsc files and history/<name>.<version>.avsc',
    cause: error,
  })
}

async function writeIfChanged(file: string, source: string): Promise<WrittenTypes['change']> {
  const before = await readFile(file, 'utf8').catch(() => undefined)
  if (before === source) return 'unchanged'
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, source)
  return before === undefined ? 'created' : 'updated'
}
