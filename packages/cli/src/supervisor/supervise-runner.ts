import type { CliIo, CliProcess } from '../cli-io.ts'
import { createLog } from '../create-log.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { SUPERVISED_FLAG } from './runner-process.ts'
import { Supervisor } from './supervisor.ts'

/**
 * Whether a command line starts a supervisor, as far as that shows without reading all of it. Then no verb has to be
 * loaded: what is wrong with the call, its runner says.
 */
export function isPlainlySupervised([verb, ...flags]: readonly string[]): boolean {
  return verb === 'run' && !flags.includes('--no-supervisor') && !flags.includes(SUPERVISED_FLAG)
}

/** `towline run` as most people meet it: a supervisor, whose runner is a process of its own. */
export async function superviseRunner(io: CliIo, process: CliProcess): Promise<ExitCode> {
  const supervisor = new Supervisor({ process, clock: io.clock, logAt: (level) => createLog(io, level) })
  const interrupt = (): void => supervisor.interrupt()
  process.onFurtherSignal(interrupt)
  if (io.interrupted.aborted) return EXIT.ok
  io.interrupted.addEventListener('abort', interrupt, { once: true })
  // The runner ends by an exit code of the command line; by another only where it crashed in its drain.
  return (await supervisor.run()) as ExitCode
}
