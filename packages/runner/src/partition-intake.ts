import {
  type Clock,
  type CommitNote,
  type Ordering,
  readEnvelope,
  recordHash,
  type TaskEnvelope,
  userHeaders,
} from '@towline/contracts'
import type { FreshAssignment, KafkaRecord, RecordHeaders } from '@towline/kafka'
import type { Lanes } from './lanes.ts'
import { suspectsOf } from './start-allowance.ts'
import { TaskSlot } from './task-slot.ts'

/** What a task costs beyond its key and value: slot, envelope, lane, ledger entry. */
const SLOT_BYTES = 512

export interface IntakeContext {
  readonly clock: Clock
  readonly assignment: FreshAssignment
  readonly note: CommitNote | null
  readonly ordering: Ordering
  readonly maxInFlight: number
  readonly lanes: Lanes<TaskSlot>
}

/** Turns the records of one partition into task slots, and knows which of them may have run before. */
export class PartitionIntake {
  readonly #context: IntakeContext
  #mayHaveRunBelow: number
  #mayHaveRunLeft: number

  constructor(context: IntakeContext) {
    const { assignment, note } = context
    this.#context = context
    // Without a commit nothing ever started here: the first owner commits before its first attempt. What was appended
    // after this assignment cannot have run elsewhere: the trust window is shorter than the session.
    const isUnclean = assignment.committed !== null && note?.clean !== true
    this.#mayHaveRunBelow = isUnclean ? assignment.logEnd : 0
    this.#mayHaveRunLeft = suspectsOf(context.maxInFlight)
  }

  /**
   * A slot, for its lane, with a copy of the record; `known` is what the note taken over says of it. Not for finished ones: it counts
   * how many unfinished ones the owner before may have had.
   */
  slotOf(record: KafkaRecord, known: { readonly attempts: number; readonly started: boolean }): TaskSlot {
    const { tp } = this.#context.assignment
    const copy = copyOf(record)
    const { topic, partition } = tp
    const { offset, timestampMs } = record
    const { envelope } = readEnvelope({ topic, partition, offset, timestampMs, key: copy.key, headers: record.headers })
    return new TaskSlot({
      tp,
      record: copy,
      envelope,
      lane: this.#context.lanes.laneOf(this.#laneKeyOf(envelope)),
      bytes: (copy.key?.length ?? 0) + (copy.value?.length ?? 0) + SLOT_BYTES,
      mayHaveRun: known.started || this.#mayHaveRun(record.offset),
      spentInPlace: known.attempts,
      inheritedAtMs: known.attempts > 0 && !known.started ? this.#context.clock.monotonicMs() : undefined,
    })
  }

  /** Everything that may have run before this assignment is finished: whoever is next need not be told of it. */
  isSettled(committable: number): boolean {
    return committable >= this.#mayHaveRunBelow
  }

  #mayHaveRun(offset: number): boolean {
    if (offset >= this.#mayHaveRunBelow) return false
    this.#mayHaveRunLeft -= 1
    if (this.#mayHaveRunLeft === 0) this.#mayHaveRunBelow = offset + 1
    return true
  }

  #laneKeyOf(envelope: TaskEnvelope): string {
    const { ordering } = this.#context
    if (ordering === 'partition') return ''
    if (ordering === 'none' || envelope.key === null) return envelope.taskId
    return `key:${envelope.key.toString('latin1')}`
  }
}

/** Whether `record` is the one the note speaks of: a topic recreated under its name has others at the same offsets. */
export function isNoteOf(note: CommitNote, record: KafkaRecord): boolean {
  return record.offset === note.base && recordHash(record.key, record.value) === note.hash
}

/** Outlives the fetch it came with. */
export function copyOf(record: KafkaRecord): KafkaRecord {
  return new RecordCopy(record)
}

class RecordCopy implements KafkaRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: RecordHeaders

  constructor({ offset, timestampMs, key, value, headers }: KafkaRecord) {
    this.offset = offset
    this.timestampMs = timestampMs
    this.key = copyOfBytes(key)
    this.value = copyOfBytes(value)
    this.headers = copyOfUserHeaders(headers)
  }
}

/** Towline's own stand in the envelope. */
function copyOfUserHeaders(headers: RecordHeaders): RecordHeaders {
  const copy = userHeaders(headers) as Record<string, RecordHeaders[string]>
  for (const name in copy) copy[name] = copyOfHeader(copy[name] ?? null)
  return copy
}

function copyOfHeader(value: RecordHeaders[string]): RecordHeaders[string] {
  if (value === null || Buffer.isBuffer(value)) return copyOfBytes(value)
  return (value as readonly (Buffer | null)[]).map(copyOfBytes)
}

function copyOfBytes(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes)
}
