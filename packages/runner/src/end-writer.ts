import { type AvroCodec, type DeadReason, type End, type Failure, HEADER, type TaskResult } from '@towline/contracts'
import type { OutgoingRecord, RecordSender, SendGuard, SendTarget } from '@towline/kafka'
import type { TaskSlot } from './task-slot.ts'

/** When the attempt started, and its trace: for the record of its end. */
export interface AttemptTrace {
  readonly startedAtMs: number | null
  readonly traceparent: string | undefined
}

/** What is left out is null. */
export interface HowItEnded {
  readonly end: End
  readonly attempts: number
  readonly reason?: DeadReason
  readonly failure?: Failure
  /** Framed bytes of the output; left out unless it succeeded. */
  readonly output?: Buffer | null
}

/** How a task ended, and what its record says of it. */
export class TaskEnd {
  readonly end: End
  readonly attempts: number
  readonly reason: DeadReason | null
  readonly failure: Failure | null
  readonly output: Buffer | null
  readonly startedAtMs: number | null
  readonly finishedAtMs: number
  /** W3C trace context of the attempt that ended it, when traced. */
  readonly traceparent: string | undefined

  constructor(how: HowItEnded, finishedAtMs: number, { startedAtMs, traceparent }: AttemptTrace) {
    this.end = how.end
    this.attempts = how.attempts
    this.reason = how.reason ?? null
    this.failure = how.failure ?? null
    this.output = how.output ?? null
    this.startedAtMs = startedAtMs
    this.finishedAtMs = finishedAtMs
    this.traceparent = traceparent
  }
}

export interface EndWriterContext {
  readonly sender: RecordSender
  readonly resultsTopic: string
  readonly codec: AvroCodec<TaskResult>
  /** Registry id of the task-result schema. */
  readonly schemaId: number
  readonly runnerId: string
}

/** Writes the one record that says how a task ended. */
export class EndWriter {
  readonly #context: EndWriterContext
  readonly #target: SendTarget

  constructor(context: EndWriterContext) {
    this.#context = context
    this.#target = { topic: context.resultsTopic }
  }

  /** Resolves when acknowledged. @throws SendDropped when the guard drops it, TowlineError as `RecordSender.send` */
  write(slot: TaskSlot, end: TaskEnd, guard: SendGuard): Promise<unknown> {
    const { sender, codec, schemaId } = this.#context
    const { envelope } = slot
    // The key of an unkeyed task is its id.
    const key = (envelope.key === null ? slot.record.key : null) ?? Buffer.from(envelope.taskId, 'latin1')
    const value = codec.encode(this.#resultOf(slot, end), schemaId)
    return sender.send(this.#target, new EndRecord(key, value, new EndHeaders(key, end.traceparent)), guard)
  }

  #resultOf({ envelope, mayHaveRun }: TaskSlot, end: TaskEnd): TaskResult {
    return {
      taskId: envelope.taskId,
      life: envelope.life,
      end: end.end,
      reason: end.reason,
      attempts: end.attempts,
      mayHaveRun,
      runnerId: this.#context.runnerId,
      origin: envelope.origin,
      queuedAt: envelope.queuedAtMs,
      startedAt: end.startedAtMs,
      finishedAt: end.finishedAtMs,
      failure: end.failure === null ? null : { ...end.failure, stack: end.failure.stack ?? null },
      parent: envelope.parent ?? null,
      replayId: envelope.replayId ?? null,
      output: end.output,
    }
  }
}

class EndRecord implements OutgoingRecord {
  readonly key: Buffer
  readonly value: Buffer
  readonly headers: OutgoingRecord['headers']

  constructor(key: Buffer, value: Buffer, headers: OutgoingRecord['headers']) {
    this.key = key
    this.value = value
    this.headers = headers
  }
}

class EndHeaders {
  [name: string]: Buffer | string

  constructor(taskId: Buffer, traceparent: string | undefined) {
    this[HEADER.ceId] = taskId
    if (traceparent !== undefined) this[HEADER.traceparent] = traceparent
  }
}
