import { type DeadReason, type End, type Failure, TowlineError } from '@towline/contracts'

/** How one life of a task ended, read from its results topic. */
export interface TaskEnd {
  readonly taskId: string
  readonly life: number
  readonly end: End
  /** Why it was dead-lettered; null for every other end. */
  readonly reason: DeadReason | null
  readonly attempts: number
  readonly mayHaveRun: boolean
  readonly runnerId: string
  /** Epoch milliseconds. */
  readonly queuedAtMs: number
  readonly startedAtMs: number | null
  readonly finishedAtMs: number
  readonly failure: Failure | null
  readonly parent: string | null
  readonly replayId: string | null
  /** What the handler returned, framed with its own schema id; null for every end but succeeded. */
  readonly output: Buffer | null
}

/** A task ended as a dead letter; `failure` is what its last attempt died of. */
export class TaskDeadError extends TowlineError {
  readonly taskId: string
  readonly reason: DeadReason | null
  readonly failure: Failure | null
  readonly attempts: number

  constructor(end: TaskEnd, agentType: string) {
    const why = end.failure === null ? '' : `: ${end.failure.code}: ${end.failure.message}`
    super('TOWLINE_TASK_DEAD', `task ${end.taskId} was dead-lettered (${end.reason ?? 'no reason given'})${why}`, {
      value: end.taskId,
      wayOut: `See it with: towline tasks get ${agentType} ${end.taskId}`,
      cause: end.failure,
    })
    this.taskId = end.taskId
    this.reason = end.reason
    this.failure = end.failure
    this.attempts = end.attempts
  }
}

/** The error of an end that is not a success. */
export function endError(end: TaskEnd, agentType: string): TowlineError | null {
  switch (end.end) {
    case 'succeeded':
      return null
    case 'dead-lettered':
      return new TaskDeadError(end, agentType)
    case 'cancelled':
      return new TowlineError('TOWLINE_TASK_CANCELLED', `task ${end.taskId} was cancelled`, {
        value: end.taskId,
        wayOut: 'Publish it again where it is still wanted',
      })
    case 'expired':
      return new TowlineError('TOWLINE_TASK_EXPIRED', `task ${end.taskId} was not started before its deadline`, {
        value: end.taskId,
        wayOut: 'Publish it again with a later deadline',
      })
  }
}
