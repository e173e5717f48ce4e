import type { Failure, TaskEnvelope } from '@towline/contracts'
import type { KafkaRecord, TopicPartition } from '@towline/kafka'
import type { Lane } from './lanes.ts'
import type { Interruptible } from './running-slots.ts'

/** What is known of a task when it is admitted. */
export type AdmittedTask = Pick<
  TaskSlot,
  'tp' | 'record' | 'envelope' | 'lane' | 'bytes' | 'mayHaveRun' | 'spentInPlace' | 'inheritedAtMs'
>

/**
 * A task admitted by a runner and not finished.
 *
 * A class, as all is that every task makes and that outlives its call: where V8 sees that most objects of one literal
 * survive, which a burst at the start is enough for, it makes them in its old generation from then on, for good, and
 * there they keep alive whatever they held until the next major collection.
 */
export class TaskSlot {
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
  firstFailure: Failure | undefined = undefined
  /** What it waited in place so far, in milliseconds. */
  parkedMs = 0
  /**
   * Set where its last attempt failed in place under an owner before, who parked it until nobody here knows when: since
   * when it waits here, on the monotonic clock.
   */
  inheritedAtMs: number | undefined
  /** When its last attempt started, on the monotonic clock; undefined before. */
  startedMonotonicMs: number | undefined = undefined
  /** Its attempt whose handler has not settled. */
  running: Interruptible | undefined = undefined
  /** Its place among those whose handlers have not settled. */
  runningPlace = 0

  constructor(task: AdmittedTask) {
    this.tp = task.tp
    this.record = task.record
    this.envelope = task.envelope
    this.lane = task.lane
    this.bytes = task.bytes
    this.mayHaveRun = task.mayHaveRun
    this.attempt = task.envelope.attempt + task.spentInPlace
    this.spentInPlace = task.spentInPlace
    this.inheritedAtMs = task.inheritedAtMs
  }
}
