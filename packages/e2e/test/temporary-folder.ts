import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that goes with the test; where that failed it stays, and is named. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'towline-e2e-'))
  onTestFinished(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`${task.name}: what was written is left in ${folder}\n`)
    else rmSync(folder, { recursive: true, force: true })
  })
  return folder
}
