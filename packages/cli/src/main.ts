import { userInfo } from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@towline/kafka'
import type { CliIo, CliProcess } from './cli-io.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { SUPERVISED_FLAG } from './supervisor/runner-process.ts'
import { isPlainlySupervised, superviseRunner } from './supervisor/supervise-runner.ts'

const interrupted = new AbortController()
let signals = 0
let onFurtherSignal = (): void => process.exit(EXIT.interrupted)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    signals += 1
    if (signals === 1) interrupted.abort()
    else onFurtherSignal()
  })
}
// `towline … | head` closes the pipe early: that is no failure, and a runner works on without a reader.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  if (!own.args.includes(SUPERVISED_FLAG)) process.exit(EXIT.ok)
})

const own: CliProcess = {
  script: fileURLToPath(import.meta.url),
  args: process.argv.slice(2),
  interrupt: () => interrupted.abort(),
  onFurtherSignal(act) {
    onFurtherSignal = act
  },
}
const io: CliIo = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  clock: systemClock,
  userName: userName(),
  interrupted: interrupted.signal,
  process: own,
}
const exitCode = await (isPlainlySupervised(own.args) ? superviseRunner(io, own) : runVerb())
process.stdout.write('', () => process.exit(exitCode))

async function runVerb(): Promise<ExitCode> {
  const [{ createCli }, { createProgram }] = await Promise.all([import('./cli.ts'), import('./program.ts')])
  const cli = createCli(io)
  return await cli.run(createProgram(cli), own.args)
}

/** A container may run under a user id without a name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return process.env['USER'] ?? 'unknown'
  }
}
