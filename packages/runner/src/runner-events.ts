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

/** Everything a runner tells of itself: `noun:verb` → payload. Listeners must not throw. */
export interface RunnerEventMap {
  'runner:state': [{ readonly from: RunnerState; readonly to: RunnerState }]
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
  'task:ended': [TaskRef & { readonly end: End; readonly reason: DeadReason | null; readonly durationMs: number }]
  'commit:confirmed': [{ readonly topic: string; readonly partitions: number; readonly durationMs: number }]
  'commit:failed': [{ readonly topic: string; readonly result: 'fenced' | 'unknown' }]
  /** Retention or a deletion took records that were never run. */
  'data:lost': [TopicPartition & { readonly from: number; readonly to: number }]
  'registry:unavailable': [{ readonly agent: string }]
  'registry:recovered': [{ readonly agent: string }]
  'consumer:rebuilt': [{ readonly topic: string; readonly because: string }]
}

/** The emitter of a runner, as its parts use it. */
export type RunnerEvents = EventEmitter<RunnerEventMap>
