import {
  type AvroCodec,
  type Failure,
  HEADER,
  idOfRecord,
  type Logger,
  type TaskEvent,
  truncateUtf8,
} from '@towline/contracts'
import type { RecordSender, TopicPartition } from '@towline/kafka'
import type { LostRange } from './partition-start.ts'
import type { TaskSlot } from './task-slot.ts'

const DETAIL_BYTES = 16 * 1024

export interface EventWriterContext {
  readonly sender: RecordSender
  readonly eventsTopic: string
  readonly codec: AvroCodec<TaskEvent>
  readonly schemaId: number
  readonly runnerId: string
  readonly log: Logger
}

type EventBody = Pick<TaskEvent, 'kind' | 'atMs'> & Partial<TaskEvent>

/** Writes to `<agent>.events` what no other record tells. Best effort: an event that cannot be written is logged. */
export class EventWriter {
  readonly #context: EventWriterContext

  constructor(context: EventWriterContext) {
    this.#context = context
  }

  attemptFailed(slot: TaskSlot, failure: Failure, dueAtMs: number): void {
    this.#write(slot, { kind: 'attempt-failed', atMs: failure.atMs, dueAtMs, failure: eventFailure(failure) })
  }

  parked(slot: TaskSlot, because: string, moment: { readonly atMs: number; readonly dueAtMs: number }): void {
    this.#write(slot, { kind: 'parked', reason: because, ...moment })
  }

  progress(slot: TaskSlot, progress: unknown, atMs: number): void {
    this.#write(slot, { kind: 'progress', atMs, detail: truncateUtf8(jsonOf(progress), DETAIL_BYTES) })
  }

  /** Written under the id that a record without `ce_id` would have at the first offset lost. */
  dataLost({ topic, partition }: TopicPartition, lost: LostRange, atMs: number): void {
    const task = { taskId: idOfRecord(topic, partition, lost.from), life: 1, attempt: null }
    this.#send(task, { kind: 'data-lost', atMs, detail: jsonOf({ topic, partition, ...lost }) })
  }

  #write({ envelope: { taskId, life }, attempt }: TaskSlot, body: EventBody): void {
    this.#send({ taskId, life, attempt }, body)
  }

  #send(task: Pick<TaskEvent, 'taskId' | 'life' | 'attempt'>, body: EventBody): void {
    const { sender, eventsTopic, codec, schemaId, runnerId, log } = this.#context
    const { taskId } = task
    const event: TaskEvent = { ...EMPTY_EVENT, ...task, runnerId, ...body }
    const record = {
      key: Buffer.from(taskId, 'latin1'),
      value: codec.encode(event, schemaId),
      headers: { [HEADER.ceId]: taskId },
    }
    sender.send({ topic: eventsTopic }, record).catch((error: unknown) => {
      log.warn({ taskId, err: error }, `could not write a ${body.kind} event`)
    })
  }
}

const EMPTY_EVENT = { actor: null, reason: null, dueAtMs: null, failure: null, detail: null } as const

function eventFailure(failure: Failure): NonNullable<TaskEvent['failure']> {
  return { ...failure, stack: failure.stack ?? null }
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (error) {
    return JSON.stringify({ unserialisable: String(error) })
  }
}
