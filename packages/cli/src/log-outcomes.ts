import type { Failure, Logger } from '@towline/contracts'
import type { RunnerEvents } from '@towline/runner'

/**
 * A log line for every task that failed or died in this runner: an operator sees trouble where it happens. Errors are
 * named by their code alone, since a message may quote the input; `towline tasks get` shows the whole.
 */
export function logOutcomes(events: RunnerEvents, log: Logger): void {
  events.on('task:retried', ({ failure, ...task }) =>
    log.info({ ...task, ...codeOf(failure) }, 'the task moved to a retry tier'),
  )
  events.on('task:parked', ({ failure, ...task }) =>
    log.info({ ...task, ...codeOf(failure) }, 'the task waits here for its next attempt'),
  )
  events.on('task:ended', ({ end, reason, failure, ...ended }) => {
    const task = { ...ended, durationMs: Math.round(ended.durationMs) }
    if (end === 'dead-lettered') log.warn({ ...task, reason, ...codeOf(failure) }, 'the task was dead-lettered')
    else if (end !== 'succeeded') log.info({ ...task, end }, 'the task ended without success')
  })
}

function codeOf(failure: Failure | null): { readonly code?: string } {
  return failure === null ? {} : { code: failure.code }
}
