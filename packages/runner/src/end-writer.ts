import { type AvroCodec, type DeadReason, type End, type Failure, HEADER, type TaskResult } from '@towline/contracts'
import type { RecordSender, SendGuard, SendTarget } from '@towline/kafka'
import type { TaskSlot } from './task-slot.ts'

/** How a task ended, and what its record says of it. */
export interface TaskEnd {
  readonly end: End
  readonly reason: DeadReason | null
  readonly failure: Failure | null
  /** Framed bytes of the output; null unless it succeeded. */
  readonly output: Buffer | null
  readonly attempts: number
  readonly startedAtMs: number | null
  readonly finishedAtMs: number
  /** W3C trace context of the attempt that ended it, when traced. */
  readonly traceparent: string | undefined
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
    const headers: Record<string, Buffer | string> = { [HEADER.ceId]: key }
    if (end.traceparent !== undefined) headers[HEADER.traceparent] = end.traceparent
    const value = codec.encode(this.#resultOf(slot, end), schemaId)
    return sender.send(this.#target, { key, value, headers }, guard)
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
