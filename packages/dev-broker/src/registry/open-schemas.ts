import { type DataDirectory, openDataDirectory } from '../disk/open-data-directory.ts'
import type { LogSink } from '../log-sink.ts'
import { type SchemaChange, SchemaStore } from './schema-store.ts'

export interface OpenSchemas {
  readonly store: SchemaStore
  close(): void
}

/** Schemas in memory, or those that a directory keeps. @throws DevBrokerError */
export function openSchemas(dataDir: string | null, log: LogSink): OpenSchemas {
  if (dataDir === null) return { store: new SchemaStore(), close: () => undefined }
  return openDataDirectory({ path: dataDir, name: 'registry', log }, restore)
}

function restore({ journal, changes, close }: DataDirectory<SchemaChange>): OpenSchemas {
  const store = new SchemaStore(journal)
  for (const change of changes) store.apply(change)
  journal.rewriteFrom(() => store.changes())
  return { store, close }
}
