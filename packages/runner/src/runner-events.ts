import type { EventEmitter } from 'node:events'
import type { AttemptOutcome, DeadReason, End, Failure } from '@towline/contracts'
import type { LossCause, TopicPartition } from '@towline/kafka'
import type { PauseCause } from './intake-gate.ts'
import type { RunnerState } from './runner-state.ts'

/** What identifies a task in every event and log line. */
export interface TaskRef {
  readonly agent: string
  readonly taskId: string
  readonly life: number
  readonly attempt: number
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** What another process needs to leave a group in the name of this one. */
export interface GroupMembership {
  readonly groupId: string
  readonly memberId: string
}

/** Everything a runner tells of itself: `noun:verb` → payload. A listener that throws is logged and changes nothing. */
export interface RunnerEventMap {
  'runner:state': [{ readonly from: RunnerState; readonly to: RunnerState }]
  /** The group may count this runner under this id from here on, whether or not the join comes to an end. */
  'member:joining': [GroupMembership]
  /** It does not any more: the runner left, or was expelled. */
  'member:left': [GroupMembership]
  'partition:assigned': [
    TopicPartition & { readonly base: number; readonly clean: boolean; readonly unfinished: number },
  ]
  'partition:lost': [TopicPartition & { readonly cause: LossCause; readonly interrupted: number }]
  'partition:paused': [TopicPartition & { readonly causes: readonly PauseCause[] }]
  'partition:resumed': [TopicPartition]
  'attempt:started': [TaskRef]
  'attempt:ended': [TaskRef & { readonly outcome: AttemptOutcome['kind']; readonly durationMs: number }]
  /** It moved to a tier; `dueAtMs` is the earliest it runs again. */
  'task:retried': [TaskRef & { readonly tierMs: number; readonly dueAtMs: number; readonly failure: Failure | null }]
  /** Its key waits in this runner. */
  'task:parked': [TaskRef & { readonly delayMs: number; readonly failure: Failure | null }]
  /** `reason` and `failure` are those of a dead letter. */
  'task:ended': [
    TaskRef & {
      readonly end: End
      readonly reason: DeadReason | null
      readonly failure: Failure | null
      readonly durationMs: number
    },
  ]
  'commit:confirmed': [{ readonly topic: string; readonly partitions: number; readonly durationMs: number }]
  'commit:failed': [{ readonly topic: string; readonly result: 'fenced' | 'unknown' }]
  /**
   * Retention or a deletion took the records `[from, to)` before they were run; at most `records` of them were unfinished
   * tasks: offsets that hold no record count too.
   */
  'data:lost': [TopicPartition & { readonly from: number; readonly to: number; readonly records: number }]
  'registry:unavailable': [{ readonly agent: string }]
  'registry:recovered': [{ readonly agent: string }]
  'consumer:rebuilt': [{ readonly topic: string; readonly because: string }]
}

/** The emitter of a runner, as its parts and its listeners use it. */
export type RunnerEvents = EventEmitter<RunnerEventMap>
