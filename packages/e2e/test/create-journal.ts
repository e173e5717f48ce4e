import { join } from 'node:path'
import { Journal } from './journal.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A journal of this test, in a file of its own. */
export function createJournal(runner = 'test'): Journal {
  return new Journal(join(temporaryFolder(), 'journal.ndjson'), runner)
}
