import { type Logger, within } from '@towline/contracts'
import type { Fleet, ResolvedConfig } from '@towline/fleet'
import type { CliIo } from './cli-io.ts'
import { createLog } from './create-log.ts'
import type { GlobalOptions } from './global-options.ts'
import { loadConfig, openFleet } from './open-fleet.ts'
import { createOutput, type Output } from './output/output.ts'
import { createProgress, type Progress } from './output/progress.ts'

/** One call of one verb: where it writes, and how it reaches the fleet. */
export interface Session {
  readonly io: CliIo
  readonly globals: GlobalOptions
  readonly out: Output
  /** Loaded once. */
  config(): Promise<ResolvedConfig>
  /** Opened once, closed when the verb ends. */
  fleet(): Promise<Fleet>
  /** Log lines of the configured level on stderr; only for verbs that run for long. */
  logAlways(): Promise<Logger>
  /** A line for people on stderr; nothing with --quiet. */
  say(text: string): void
  progress(label: string, total: number): Progress
  close(): Promise<void>
}

/** What a verb promised is done by then; a broker that died must not hold the shell. */
const CLOSE_MS = 5_000

export function createSession(io: CliIo, globals: GlobalOptions): Session {
  let config: Promise<ResolvedConfig> | undefined
  let fleet: Promise<Fleet> | undefined
  let isLogging = globals.verbose === true
  const session: Session = {
    io,
    globals,
    out: createOutput(io, globals.output),
    config() {
      config ??= loadConfig(io, globals)
      return config
    },
    async logAlways() {
      isLogging = true
      return createLog(io, (await session.config()).logLevel)
    },
    fleet() {
      fleet ??= session.config().then((resolved) => {
        const level = isLogging || globals.logLevel !== undefined ? resolved.logLevel : 'silent'
        return openFleet(io, resolved, createLog(io, level))
      })
      return fleet
    },
    say(text) {
      if (globals.quiet !== true) io.stderr.write(`${text}\n`)
    },
    progress: (label, total) => createProgress(io, globals.quiet !== true && globals.progress, label, total),
    async close() {
      const opened = await fleet?.catch(() => undefined)
      if (opened !== undefined) await within(io.clock, CLOSE_MS, opened.close())
    },
  }
  return session
}
