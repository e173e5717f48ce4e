import type { Clock } from '@towline/contracts'
import type { Env } from '@towline/fleet'

/** The world as a verb sees it, so that tests can be one. `main.ts` makes it of the process. */
export interface CliIo {
  readonly stdin: AsyncIterable<Uint8Array>
  /** Data, and nothing else. */
  readonly stdout: NodeJS.WriteStream
  /** Progress, notes and errors: for people. */
  readonly stderr: NodeJS.WriteStream
  readonly env: Env
  readonly cwd: string
  readonly clock: Clock
  /** Who runs this, as the operating system knows them. */
  readonly userName: string
  /** Aborted at the first SIGINT or SIGTERM. */
  readonly interrupted: AbortSignal
  /** The process whose whole work the verb is; undefined where a verb is called inside another program, as tests do. */
  readonly process: CliProcess | undefined
}

/** What a verb needs to start its own command line once more, and to say itself how that one ends. */
export interface CliProcess {
  /** What Node runs. */
  readonly script: string
  /** What stands after it on the command line. */
  readonly args: readonly string[]
  /** As the first signal, without counting as one. */
  interrupt(): void
  /** What every signal after the first does. Default: ends the process at once. */
  onFurtherSignal(act: () => void): void
}
