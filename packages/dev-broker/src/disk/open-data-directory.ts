import { join } from 'node:path'
import type { LogSink } from '../log-sink.ts'
import { DataFiles } from './data-files.ts'
import { lockDataDirectory } from './data-lock.ts'
import { JournalFile } from './journal.ts'

export interface DataDirectory<Change> {
  readonly files: DataFiles
  readonly journal: JournalFile<Change>
  /** What the journal held. */
  readonly changes: readonly Change[]
  /** Lets go of the directory: others may have it. */
  close(): void
}

/**
 * Opens what `name` keeps in a directory, and makes of it what the caller wants. Nobody else has it until it is closed,
 * which it is at once when `use` throws.
 * @throws DevBrokerError TOWLINE_DEV_BROKER_DATA_LOCKED, _DATA_CORRUPT or _DATA_UNUSABLE
 */
export function openDataDirectory<Change, Result>(
  { path, name, log }: { readonly path: string; readonly name: string; readonly log: LogSink },
  use: (directory: DataDirectory<Change>) => Result,
): Result {
  const unlock = lockDataDirectory(path, name)
  const files = new DataFiles(log)
  const close = (): void => {
    files.closeAll()
    unlock()
  }
  try {
    const journal = new JournalFile<Change>(join(path, `${name}.journal`), files)
    return use({ files, journal, changes: journal.open(log), close })
  } catch (error) {
    close()
    throw error
  }
}
