import type { Failure, TaskEnvelope } from '@towline/contracts'
import type { KafkaRecord, TopicPartition } from '@towline/kafka'
import type { Lane } from './lanes.ts'

/** A task admitted by a runner and not finished. */
export interface TaskSlot {
  /** Where it was read. */
  readonly tp: TopicPartition
  /** Its bytes are a copy: nothing of the fetch it came in is kept alive. */
  readonly record: KafkaRecord
  readonly envelope: TaskEnvelope
  readonly lane: Lane<TaskSlot>
  readonly bytes: number
  readonly mayHaveRun: boolean
  /** The attempt it runs next, or is in: from 1 within a life, those spent in place included. */
  attempt: number
  /** Attempts spent in place on this record. */
  spentInPlace: number
  /** Of the attempts spent in place, the first that failed; not known after a take-over. */
  firstFailure: Failure | undefined
  /** What it waited in place so far, in milliseconds. */
  parkedMs: number
  /**
   * Set where its last attempt failed in place under an owner before, who parked it until nobody here knows when: since
   * when it waits here, on the monotonic clock.
   */
  inheritedAtMs?: number | undefined
  /** When its last attempt started, on the monotonic clock; undefined before. */
  startedMonotonicMs?: number | undefined
}
