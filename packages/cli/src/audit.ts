import type { Command } from 'commander'
import type { Session } from './session.ts'

/** Who changes something, and why: travels with the change and stays in the log. */
export interface Audit {
  readonly by: string
  readonly because?: string
}

export interface AuditOptions {
  readonly by?: string
  readonly because?: string
}

export function addAuditOptions(command: Command): Command {
  return command
    .option('--by <name>', 'who does this (default: your user name)')
    .option('--because <text>', 'why; recorded with the change')
}

export function auditOf(session: Session, options: AuditOptions): Audit {
  const by = options.by ?? session.io.userName
  return options.because === undefined ? { by } : { by, because: options.because }
}
