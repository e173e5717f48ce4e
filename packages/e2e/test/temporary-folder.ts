import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, type TestContext } from 'vitest'

/** The hook of a test. One that runs beside others gives its own: vitest cannot tell whose the global one is. */
export type TestHooks = Pick<TestContext, 'onTestFinished'>

/** A folder that goes with the test; where that failed it stays, and is named. */
export function temporaryFolder(hooks: TestHooks = { onTestFinished }): string {
  const folder = mkdtempSync(join(tmpdir(), 'towline-e2e-'))
  hooks.onTestFinished(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`${task.name}: what was written is left in ${folder}\n`)
    else rmSync(folder, { recursive: true, force: true })
  })
  return folder
}
