import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { TowlineError } from '@towline/contracts'
import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { cell, plural } from '../output/format-value.ts'
import type { Column } from '../output/table.ts'
import { agentSchemas } from '../schemas/agent-subjects.ts'
import type { SchemaProblem } from '../schemas/check-schemas.ts'
import {
  readSchemaFiles,
  runSchemasCheck,
  runSchemasPush,
  runSchemasTypes,
  TOWLINE_TYPES,
  type TypesTarget,
  typesTargets,
  type WrittenTypes,
} from '../schemas/run-schemas.ts'
import type { Session } from '../session.ts'

const FOLDER = 'schemas'

export function schemasCommand(cli: Cli): Command {
  const check = withFolder('check', 'Hold schemas and their history to the rules; needs no network').action(
    cli.action(checkSchemas),
  )
  withExamples(check, [['towline schemas check', 'exit code 1 when a rule is broken']])
  const push = withFolder(
    'push',
    'Register what stands in the history under the subjects of the configured agents',
  ).action(cli.action(pushSchemas, 'own'))
  withExamples(push, [['towline schemas push --registry http://registry:8081', 'safe to repeat; for CI']])
  const types = withFolder('types', 'Write a TypeScript file for every schema')
    .option('--out <folder>', 'where to (in the repository of Towline: where its own types are)')
    .action(cli.action(writeTypes, 'own'))
  withExamples(types, [['towline schemas types --out src/generated', 'one file per schema']])
  return new Command('schemas')
    .description('Avro schemas: check, register, generate types')
    .addCommand(check)
    .addCommand(push)
    .addCommand(types)
}

function withFolder(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('[folder]', 'holds <name>.avsc and history/<name>.<version>.avsc', FOLDER)
}

const PROBLEM_COLUMNS: readonly Column<SchemaProblem>[] = [
  { title: 'file', value: ({ file }) => file },
  { title: 'where', value: ({ path }) => cell(path) },
  { title: 'problem', value: ({ problem }) => cell(problem) },
  { title: 'way out', value: ({ wayOut }) => cell(wayOut) },
]

async function checkSchemas(session: Session, folder: string): Promise<ExitCode> {
  const problems = await runSchemasCheck(resolve(session.io.cwd, folder))
  session.out.list({
    name: 'problems',
    rows: problems,
    columns: PROBLEM_COLUMNS,
    whenEmpty: `${folder} keeps every rule.`,
  })
  if (problems.length === 0) return EXIT.ok
  session.say(plural(problems.length, 'problem'))
  return EXIT.failure
}

/** One subject as the registry has it now; `version` is null for what Towline brings along. */
interface PushedRow {
  readonly subject: string
  readonly schema: string
  readonly version: number | null
  readonly id: number
}

const PUSHED_COLUMNS: readonly Column<PushedRow>[] = [
  { title: 'subject', value: ({ subject }) => subject },
  { title: 'schema', value: ({ schema }) => schema },
  { title: 'version', align: 'right', value: ({ version }) => cell(version) },
  { title: 'id', align: 'right', value: ({ id }) => String(id) },
]

async function pushSchemas(session: Session, folder: string): Promise<ExitCode> {
  const fleet = await session.fleet()
  const { agentTypes, namespace } = fleet.config
  if (agentTypes.length === 0) {
    throw new TowlineError('TOWLINE_CONFIG_INVALID', 'the configuration has no agent types, so no subjects', {
      wayOut: 'Name a file by --config whose agents or agentTypes are not empty',
    })
  }
  const path = resolve(session.io.cwd, folder)
  const { fromFolder, builtIn } = agentSchemas(await readSchemaFiles(path), agentTypes, namespace)
  const pushed = await runSchemasPush({ folder: path, subjects: fromFolder, registry: fleet.schemas })
  const rows: PushedRow[] = pushed.map(({ subject, name, version, id }) => ({ subject, schema: name, version, id }))
  for (const [subject, text] of builtIn) {
    await fleet.schemas.ensureCompatibility(subject, 'FULL_TRANSITIVE')
    rows.push({ subject, schema: 'of Towline', version: null, id: await fleet.schemas.register(subject, text) })
  }
  session.out.list({ name: 'schemas', rows, columns: PUSHED_COLUMNS, whenEmpty: 'Nothing to push.' })
  return EXIT.ok
}

const TYPES_COLUMNS: readonly Column<WrittenTypes>[] = [
  { title: 'change', value: ({ change }) => change },
  { title: 'schema', value: ({ schema }) => schema },
  { title: 'types', value: ({ out }) => out },
]

async function writeTypes(session: Session, folder: string, options: { readonly out?: string }): Promise<ExitCode> {
  const { cwd } = session.io
  const rows = await runSchemasTypes(cwd, await targetsOf(cwd, folder, options.out))
  session.out.list({ name: 'types', rows, columns: TYPES_COLUMNS, whenEmpty: `No schemas in ${folder}.` })
  return EXIT.ok
}

async function targetsOf(cwd: string, folder: string, out: string | undefined): Promise<readonly TypesTarget[]> {
  if (out !== undefined) {
    const path = resolve(cwd, folder)
    return typesTargets(relative(cwd, path), await readSchemaFiles(path), relative(cwd, resolve(cwd, out)))
  }
  const isTowline = TOWLINE_TYPES.every(
    (target) => existsSync(resolve(cwd, target.schema)) && existsSync(resolve(cwd, target.out)),
  )
  if (isTowline) return TOWLINE_TYPES
  throw new TowlineError('TOWLINE_OPTION_INVALID', 'no folder was given for the types', {
    wayOut: 'Add --out <folder>',
  })
}
