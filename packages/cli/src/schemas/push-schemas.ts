import { TowlineError } from '@towline/contracts'
import { historyOf, type SchemaFiles } from './schema-files.ts'

/** What pushing needs of a registry. */
export interface PushRegistry {
  /** Sets the compatibility level of a subject, whether or not it exists. */
  ensureCompatibility(subject: string, level: 'FULL_TRANSITIVE'): Promise<void>
  /** Registers a schema under a subject, or finds it there, and resolves to its id. */
  register(subject: string, schemaText: string): Promise<number>
}

export interface PushRequest {
  readonly files: SchemaFiles
  /** Which schema each subject has, by its file's name: `['digest.tasks-value', 'digest-request']`. */
  readonly subjects: ReadonlyMap<string, string>
  readonly registry: PushRegistry
}

/** One version under one subject, as the registry has it now. */
export interface PushedSchema {
  readonly subject: string
  readonly name: string
  readonly version: number
  readonly id: number
}

/**
 * Registers every version of the history under its subjects, oldest first, with level FULL_TRANSITIVE. Safe to repeat:
 * what a registry has already keeps its id. Stops at the first refusal; what was pushed before it stays.
 *
 * @throws TowlineError TOWLINE_SCHEMA_INVALID when a subject's schema has no history; nothing was pushed then.
 */
export async function pushSchemas({ files, subjects, registry }: PushRequest): Promise<readonly PushedSchema[]> {
  for (const [subject, name] of subjects) requireHistory(files, subject, name)
  const pushed: PushedSchema[] = []
  for (const [subject, name] of subjects) {
    await registry.ensureCompatibility(subject, 'FULL_TRANSITIVE')
    for (const { version, text } of historyOf(files, name)) {
      pushed.push({ subject, name, version, id: await registry.register(subject, text) })
    }
  }
  return pushed
}

function requireHistory(files: SchemaFiles, subject: string, name: string): void {
  if (historyOf(files, name).length > 0) return
  throw new TowlineError('TOWLINE_SCHEMA_INVALID', `subject ${subject} has schema ${name}, which has no history`, {
    value: name,
    wayOut: `Copy ${name}.avsc to history/${name}.1.avsc and run \`towline schemas check\``,
  })
}
