// Generated from schemas/task-event.avsc by `towline schemas types`. Do not edit.
import { type AvroSchema, avroSchema } from '../avro/avro-schema.ts'

/**
 * What happened to a task that no other record tells. Publishes, moves through retry tiers, dead letters and ends are
 * records of their own.
 */
export interface TaskEvent {
  /** The task it is about. Also the key of the record, so the events of a task stand in one partition, in order. */
  readonly taskId: string
  /** Which run of the task's whole course it belongs to: 1 at publish, one more per redrive, at most 3. */
  readonly life: number
  /** The attempt it belongs to, from 1 within the life. Null where it belongs to none, as an act of an operator. */
  readonly attempt: number | null
  /**
   * One of attempt-failed (an attempt failed and the next one runs in place, not from a retry tier), parked (the task
   * waits in its lane), progress (the handler reported), operator-acted. Readers skip a kind they do not know.
   */
  readonly kind: string
  /** When it happened, in epoch milliseconds. */
  readonly atMs: number
  /** The runner it happened in. Null for an act of an operator. */
  readonly runnerId: string | null
  /** Who acted, where kind is operator-acted: a user name, or the name of the tool. Null otherwise. */
  readonly actor: string | null
  /**
   * Why. Where kind is parked, one of retry, snooze, rate-limited, breaker-open; where it is operator-acted, the
   * operator's words. Null otherwise.
   */
  readonly reason: string | null
  /** The earliest time the task may run again, in epoch milliseconds. Null where it does not wait. */
  readonly dueAtMs: number | null
  /** What failed, where kind is attempt-failed or a failure is why the task was parked. Null otherwise. */
  readonly failure: Failure | null
  /**
   * More, as JSON text: where kind is progress, what the handler reported; where it is operator-acted, the act and its
   * arguments. At most 16 KiB. Null where there is no more to say.
   */
  readonly detail: string | null
}

/** The recorded cause of a bad outcome. */
export interface Failure {
  /** A Towline error code, or the code or name of what the handler threw. At most 128 bytes. */
  readonly code: string
  /** What happened, for people. At most 1 KiB. */
  readonly message: string
  /** The stack of what was thrown, cut to 4 KiB. Null where there was none. */
  readonly stack: string | null
  /** When it happened, in epoch milliseconds. */
  readonly atMs: number
  /** The attempt that failed, from 1 within the life. 0 where none was made. */
  readonly attempt: number
}

const schema = {
  type: 'record',
  name: 'TaskEvent',
  namespace: 'io.towline',
  doc: 'What happened to a task that no other record tells. Publishes, moves through retry tiers, dead letters and ends are records of their own.',
  fields: [
    {
      name: 'taskId',
      type: 'string',
      doc: 'The task it is about. Also the key of the record, so the events of a task stand in one partition, in order.',
    },
    {
      name: 'life',
      type: 'int',
      doc: "Which run of the task's whole course it belongs to: 1 at publish, one more per redrive, at most 3.",
    },
    {
      name: 'attempt',
      type: ['null', 'int'],
      default: null,
      doc: 'The attempt it belongs to, from 1 within the life. Null where it belongs to none, as an act of an operator.',
    },
    {
      name: 'kind',
      type: 'string',
      doc: 'One of attempt-failed (an attempt failed and the next one runs in place, not from a retry tier), parked (the task waits in its lane), progress (the handler reported), operator-acted. Readers skip a kind they do not know.',
    },
    {
      name: 'atMs',
      type: 'long',
      doc: 'When it happened, in epoch milliseconds.',
    },
    {
      name: 'runnerId',
      type: ['null', 'string'],
      default: null,
      doc: 'The runner it happened in. Null for an act of an operator.',
    },
    {
      name: 'actor',
      type: ['null', 'string'],
      default: null,
      doc: 'Who acted, where kind is operator-acted: a user name, or the name of the tool. Null otherwise.',
    },
    {
      name: 'reason',
      type: ['null', 'string'],
      default: null,
      doc: "Why. Where kind is parked, one of retry, snooze, rate-limited, breaker-open; where it is operator-acted, the operator's words. Null otherwise.",
    },
    {
      name: 'dueAtMs',
      type: ['null', 'long'],
      default: null,
      doc: 'The earliest time the task may run again, in epoch milliseconds. Null where it does not wait.',
    },
    {
      name: 'failure',
      type: [
        'null',
        {
          type: 'record',
          name: 'Failure',
          doc: 'The recorded cause of a bad outcome.',
          fields: [
            {
              name: 'code',
              type: 'string',
              doc: 'A Towline error code, or the code or name of what the handler threw. At most 128 bytes.',
            },
            {
              name: 'message',
              type: 'string',
              doc: 'What happened, for people. At most 1 KiB.',
            },
            {
              name: 'stack',
              type: ['null', 'string'],
              default: null,
              doc: 'The stack of what was thrown, cut to 4 KiB. Null where there was none.',
            },
            {
              name: 'atMs',
              type: 'long',
              doc: 'When it happened, in epoch milliseconds.',
            },
            {
              name: 'attempt',
              type: 'int',
              doc: 'The attempt that failed, from 1 within the life. 0 where none was made.',
            },
          ],
        },
      ],
      default: null,
      doc: 'What failed, where kind is attempt-failed or a failure is why the task was parked. Null otherwise.',
    },
    {
      name: 'detail',
      type: ['null', 'string'],
      default: null,
      doc: 'More, as JSON text: where kind is progress, what the handler reported; where it is operator-acted, the act and its arguments. At most 16 KiB. Null where there is no more to say.',
    },
  ],
}

export const TaskEvent: AvroSchema<TaskEvent> = avroSchema<TaskEvent>(schema)
