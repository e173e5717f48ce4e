import { userInfo } from 'node:os'
import process from 'node:process'
import { systemClock } from '@towline/kafka'
import { createCli } from './cli.ts'
import { EXIT } from './exit-codes.ts'
import { createProgram } from './program.ts'

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // A second signal forces it.
    if (interrupted.signal.aborted) process.exit(EXIT.interrupted)
    interrupted.abort()
  })
}
// `towline … | head` closes the pipe early: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
  throw error
})

const cli = createCli({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  clock: systemClock,
  userName: userName(),
  interrupted: interrupted.signal,
})
const exitCode = await cli.run(createProgram(cli), process.argv.slice(2))
process.stdout.write('', () => process.exit(exitCode))

/** A container may run under a user id without a name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return process.env['USER'] ?? 'unknown'
  }
}
