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
}
