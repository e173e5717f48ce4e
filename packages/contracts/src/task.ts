import type { Failure } from './failure.ts'

/** Where a record stood when it was first read: its topic, partition and offset. */
export interface RecordPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** What the headers and the position of a record say about the task in it; the payload is not decoded. */
export interface TaskEnvelope {
  readonly taskId: string
  /** Bytes that order it: tasks of one key run one after another. Null when unkeyed (its key is absent or equals its id). */
  readonly key: Buffer | null
  /** 1 at publish, +1 per redrive, at most {@link MAX_LIFE}. */
  readonly life: number
  /** The attempt this record is for, from 1 within a life. */
  readonly attempt: number
  /** The record in `<agent>.tasks` or `<agent>.replay` it began as. */
  readonly origin: RecordPosition
  /** When its origin record was appended or created, epoch milliseconds. */
  readonly queuedAtMs: number
  /** It must start before this moment, epoch milliseconds. */
  readonly deadlineAtMs?: number
  /** Earliest moment it may run where the tier alone does not say it, epoch milliseconds. */
  readonly dueAtMs?: number
  readonly tenant?: string
  readonly idempotencyKey?: string
  readonly traceparent?: string
  readonly parent?: string
  readonly replayId?: string
  readonly redriveId?: string
  readonly firstFailure?: Failure
  readonly lastFailure?: Failure
}

/** Two redrives at most. */
export const MAX_LIFE = 3
