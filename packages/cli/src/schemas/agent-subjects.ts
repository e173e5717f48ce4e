import { type AgentType, subjects, TaskEvent, TaskResult, TowlineError } from '@towline/contracts'
import type { SchemaFiles } from './schema-files.ts'

/** What `schemas push` has to register for some agent types. */
export interface AgentSchemas {
  /** Subject → name of the schema's file, for what stands in the folder. */
  readonly fromFolder: ReadonlyMap<string, string>
  /** Subject → schema text, for what Towline brings along and the folder does not hold. */
  readonly builtIn: ReadonlyMap<string, string>
}

/**
 * Finds the file of every schema of agent types by its full name.
 *
 * @throws TowlineError TOWLINE_SCHEMA_INVALID when the folder lacks the input or output of an agent type.
 */
export function agentSchemas(
  files: SchemaFiles,
  agentTypes: readonly AgentType<unknown, unknown>[],
  namespace: string | undefined,
): AgentSchemas {
  const nameOf = new Map(files.current.map(({ name, text }) => [fullName(text), name]))
  const fromFolder = new Map<string, string>()
  const builtIn = new Map<string, string>()
  for (const { type, input, output } of agentTypes) {
    const names = subjects(type, namespace)
    for (const [subject, schema] of [
      [names.tasks, input],
      [names.output, output],
    ] as const) {
      const file = nameOf.get(schema.name)
      if (file === undefined) throw noFile(subject, schema.name)
      fromFolder.set(subject, file)
    }
    for (const [subject, schema] of [
      [names.results, TaskResult],
      [names.events, TaskEvent],
    ] as const) {
      const file = nameOf.get(schema.name)
      if (file === undefined) builtIn.set(subject, schema.text)
      else fromFolder.set(subject, file)
    }
  }
  return { fromFolder, builtIn }
}

/** The full name of a record schema, or '' where the text is none: `schemas check` says what is wrong with it. */
function fullName(text: string): string {
  try {
    const json = JSON.parse(text) as { readonly name?: unknown; readonly namespace?: unknown } | null
    const name = typeof json?.name === 'string' ? json.name : ''
    return typeof json?.namespace === 'string' && !name.includes('.') ? `${json.namespace}.${name}` : name
  } catch {
    return ''
  }
}

function noFile(subject: string, name: string): TowlineError {
  return new TowlineError(
    'TOWLINE_SCHEMA_INVALID',
    `no schema named ${name} stands in the folder, subject ${subject} needs it`,
    {
      value: name,
      wayOut: 'Name the folder that holds it, or add <name>.avsc and history/<name>.1.avsc',
    },
  )
}
