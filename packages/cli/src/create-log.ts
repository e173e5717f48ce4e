import type { Logger } from '@towline/contracts'
import type { ResolvedConfig } from '@towline/fleet'
import pino from 'pino'
import type { CliIo } from './cli-io.ts'

/** Structured lines on stderr: stdout is data. */
export function createLog(io: Pick<CliIo, 'stderr'>, level: ResolvedConfig['logLevel']): Logger {
  return pino({ level, base: null }, io.stderr)
}
