import { isTowlineError } from '@towline/contracts'

/** What a finding is about. */
export const CHECKS = ['node', 'broker', 'topics', 'partitions', 'registry', 'clock'] as const
export type Check = (typeof CHECKS)[number]

/** `problem`: something does not work, or a promise is broken. `warning`: it works and will surprise. */
export const LEVELS = ['ok', 'warning', 'problem'] as const
export type Level = (typeof LEVELS)[number]

/** One thing that `towline doctor` looked at. */
export interface Finding {
  readonly level: Level
  readonly check: Check
  /** The broker, topic, agent type or address it is about; null where it is this machine. */
  readonly subject: string | null
  readonly message: string
  /** What to do about it; null where all is well. */
  readonly wayOut: string | null
}

export function ok(check: Check, subject: string | null, message: string): Finding {
  return { level: 'ok', check, subject, message, wayOut: null }
}

export function warning(check: Check, subject: string | null, message: string, wayOut: string): Finding {
  return { level: 'warning', check, subject, message, wayOut }
}

export function problem(check: Check, subject: string | null, message: string, wayOut: string): Finding {
  return { level: 'problem', check, subject, message, wayOut }
}

/** An error that a check met, as its finding: code and message stay, the way out stands apart. */
export function problemOf(check: Check, subject: string | null, thrown: unknown): Finding {
  if (!isTowlineError(thrown)) throw thrown
  const { code, message, wayOut } = thrown
  const bare = wayOut !== undefined && message.endsWith(`. ${wayOut}`) ? message.slice(0, -wayOut.length - 2) : message
  return problem(check, subject, `${code}: ${bare}`, wayOut ?? `docs/errors.md says more of ${code}`)
}

export function countLevels(findings: readonly Finding[]): Readonly<Record<Level, number>> {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length
  return { ok: count('ok'), warning: count('warning'), problem: count('problem') }
}
