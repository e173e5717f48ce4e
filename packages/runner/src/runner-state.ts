/**
 * The life of a runner.
 *
 * ```text
 * created ──start──► running ──drain──► draining ──► stopped
 *    │                  └──────────────────┴───────► failed
 *    └──► stopped | failed
 * ```
 */
export type RunnerState =
  /** Made, nothing joined. */
  | 'created'
  /** Its consumers are members of their groups; attempts start. */
  | 'running'
  /** Takes nothing in; running attempts finish or are interrupted. */
  | 'draining'
  /** Left its groups, after a confirmed clean commit where that was possible. */
  | 'stopped'
  /** Gave up: a consumer could not be rebuilt, or handlers that ignore their signals hold too many permits. */
  | 'failed'

export const RUNNER_TRANSITIONS: Readonly<Record<RunnerState, readonly RunnerState[]>> = {
  created: ['running', 'stopped', 'failed'],
  running: ['draining', 'failed'],
  draining: ['stopped', 'failed'],
  stopped: [],
  failed: [],
}

export function isLegalTransition(from: RunnerState, to: RunnerState): boolean {
  return RUNNER_TRANSITIONS[from].includes(to)
}
