import { type Command, CommanderError } from 'commander'
import type { CliIo } from './cli-io.ts'
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts'
import type { GlobalOptions } from './global-options.ts'
import { printError } from './print-error.ts'
import { createSession, type Session } from './session.ts'

/**
 * `race`: an interrupt ends the verb at once; right where nothing is half done. `own`: the verb watches
 * `io.interrupted` itself, stops in good order and says so by its exit code.
 */
export type InterruptMode = 'race' | 'own'

export type Verb<Args extends readonly unknown[]> = (session: Session, ...args: Args) => Promise<ExitCode>

/** Runs verbs and keeps what they end with. */
export interface Cli {
  readonly io: CliIo
  /** An action for commander: opens a session, runs the verb, closes what it opened. */
  action<Args extends readonly unknown[]>(verb: Verb<Args>, mode?: InterruptMode): (...args: unknown[]) => Promise<void>
  /** Parses and runs; never rejects. */
  run(program: Command, argv: readonly string[]): Promise<ExitCode>
}

export function createCli(io: CliIo): Cli {
  let exitCode: ExitCode = EXIT.ok
  return {
    io,
    action<Args extends readonly unknown[]>(verb: Verb<Args>, mode: InterruptMode = 'race') {
      return async (...passed: unknown[]) => {
        // Commander passes the operands, the options and the command itself.
        const args = passed.slice(0, -1) as unknown as Args
        const session = createSession(io, (passed.at(-1) as Command).optsWithGlobals<GlobalOptions>())
        try {
          const work = verb(session, ...args)
          exitCode = await (mode === 'own' ? work : Promise.race([work, interruption(io.interrupted)]))
        } finally {
          await session.close()
        }
      }
    },
    async run(program, argv) {
      try {
        await program.parseAsync(argv, { from: 'user' })
        return exitCode
      } catch (thrown) {
        return endWith(io, program, thrown)
      }
    },
  }
}

class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(new Interrupted('interrupted'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

function endWith(io: CliIo, program: Command, thrown: unknown): ExitCode {
  // Commander has written its message already; help and --version end this way too.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (thrown instanceof Interrupted || io.interrupted.aborted) {
    io.stderr.write('interrupted\n')
    return EXIT.interrupted
  }
  printError(io, thrown, program.opts<GlobalOptions>().verbose === true)
  return exitCodeOf(thrown)
}
