import type { DeadReason, End, Failure, RecordPosition } from '@towline/contracts'

/**
 * What a task is doing.
 *
 * - `queued`: it waits for an attempt, in `.tasks` or `.replay`; or one began that no commit has told of yet.
 * - `running`: a runner had begun an attempt at its last commit.
 * - `retrying`: it waits in a retry tier until it is due.
 * - an end: see `End`.
 * - `unknown`: a runner is past its record and nothing retained says how it ended; mostly it is ending right now.
 */
export type TaskState = 'queued' | 'running' | 'retrying' | End | 'unknown'

/** A value as it was decoded, or why it could not be. */
export type ShownValue =
  | { readonly kind: 'decoded'; readonly value: unknown; readonly schema: string }
  | { readonly kind: 'undecodable'; readonly because: string }

/** Everything the log says of one task today. */
export interface TaskReport {
  readonly agent: string
  readonly taskId: string
  readonly state: TaskState
  /** The latest life seen. */
  readonly life: number
  /** Attempts begun in that life, as far as the log tells. */
  readonly attempts: number
  readonly mayHaveRun: boolean
  /** Why it is a dead letter. */
  readonly reason: DeadReason | null
  /** The failure it ended by, or the last one so far. */
  readonly failure: Failure | null
  /** Null: unkeyed, or its record is not retained. */
  readonly key: string | null
  readonly tenant: string | null
  readonly parent: string | null
  readonly replayId: string | null
  /** Epoch milliseconds. */
  readonly queuedAtMs: number | null
  readonly startedAtMs: number | null
  readonly finishedAtMs: number | null
  /** The earliest moment it may run, of a task that is retrying. */
  readonly dueAtMs: number | null
  readonly deadlineAtMs: number | null
  readonly runnerId: string | null
  /** Where it began. */
  readonly origin: RecordPosition | null
  /** Where it stands now; null once it ended. */
  readonly position: RecordPosition | null
  readonly input: ShownValue | null
  readonly output: ShownValue | null
  /** Ends of earlier lives, oldest first. */
  readonly earlierEnds: readonly { readonly life: number; readonly end: End; readonly finishedAtMs: number }[]
  /** Records read to find all this. */
  readonly scannedRecords: number
}
