/** How a task can end. One `task-result` record in `<agent>.results` tells it; the first of a (task id, life) counts. */
export const ENDS = ['succeeded', 'dead-lettered', 'cancelled', 'expired'] as const
export type End = (typeof ENDS)[number]

/** Why a task was dead-lettered. */
export const DEAD_REASONS = [
  'attempts-exhausted',
  'terminal',
  'undecodable',
  'crash-loop',
  'too-large',
  'order-blocked',
] as const
export type DeadReason = (typeof DEAD_REASONS)[number]

/** How a dead letter was resolved. */
export const RESOLUTIONS = ['redriven', 'purged'] as const
export type Resolution = (typeof RESOLUTIONS)[number]

export function isEnd(text: string): text is End {
  return (ENDS as readonly string[]).includes(text)
}

export function isDeadReason(text: string): text is DeadReason {
  return (DEAD_REASONS as readonly string[]).includes(text)
}
