import { join } from 'node:path'
import { Journal } from './journal.ts'
import { type TestHooks, temporaryFolder } from './temporary-folder.ts'

/** A journal of this test, in a file of its own. */
export function createJournal(runner = 'test', hooks?: TestHooks): Journal {
  return new Journal(join(temporaryFolder(hooks), 'journal.ndjson'), runner)
}
