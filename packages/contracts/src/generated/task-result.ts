// Generated from schemas/task-result.avsc by `towline schemas types`. Do not edit.
import { type AvroSchema, avroSchema } from '../avro/avro-schema.ts'

/**
 * How a task ended. The first record of a (taskId, life) in <agent>.results is its end; later ones are ignored and
 * counted.
 */
export interface TaskResult {
  /** 36 characters of lower case: a UUIDv7, or a UUIDv5 where the id is derived. Also the key of the record. */
  readonly taskId: string
  /** Which run of the task's whole course ended: 1 at publish, one more per redrive, at most 3. */
  readonly life: number
  /** One of succeeded, dead-lettered, cancelled, expired. */
  readonly end: string
  /**
   * Why it was dead-lettered: one of attempts-exhausted, terminal, undecodable, crash-loop, too-large, order-blocked.
   * Null for every other end.
   */
  readonly reason: string | null
  /** Attempts spent in this life. 0 where none was made. */
  readonly attempts: number
  /**
   * Whether an attempt besides the counted ones may have run: it started under a runner that vanished, or is still
   * running after its timeout. An upper bound.
   */
  readonly mayHaveRun: boolean
  /** The runner that wrote this record. */
  readonly runnerId: string
  /** The record in <agent>.tasks or <agent>.replay the task began as. */
  readonly origin: RecordPosition
  /** When the origin record was created or appended, whichever its topic keeps, in epoch milliseconds. */
  readonly queuedAt: number
  /** When the last attempt started, in epoch milliseconds. Null where none did. */
  readonly startedAt: number | null
  /** When the task ended, in epoch milliseconds. */
  readonly finishedAt: number
  /** The last failure. Null where the task succeeded, and where it ended before anything failed. */
  readonly failure: Failure | null
  /** Id of the task whose handler published this one. Null where a service published it. */
  readonly parent: string | null
  /** Id of the replay that republished it. Null for a task that is no replay. */
  readonly replayId: string | null
  /**
   * What the handler returned, in the Confluent wire format with its own schema id (subject <agent>.results-output).
   * Null for every end but succeeded.
   */
  readonly output: Uint8Array | null
}

/** Where a record stands in Kafka. */
export interface RecordPosition {
  /** Full name, with its namespace. */
  readonly topic: string
  /** Counts from 0. */
  readonly partition: number
  /** Counts from 0. */
  readonly offset: number
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
  name: 'TaskResult',
  namespace: 'io.towline',
  doc: 'How a task ended. The first record of a (taskId, life) in <agent>.results is its end; later ones are ignored and counted.',
  fields: [
    {
      name: 'taskId',
      type: 'string',
      doc: '36 characters of lower case: a UUIDv7, or a UUIDv5 where the id is derived. Also the key of the record.',
    },
    {
      name: 'life',
      type: 'int',
      doc: "Which run of the task's whole course ended: 1 at publish, one more per redrive, at most 3.",
    },
    {
      name: 'end',
      type: 'string',
      doc: 'One of succeeded, dead-lettered, cancelled, expired.',
    },
    {
      name: 'reason',
      type: ['null', 'string'],
      default: null,
      doc: 'Why it was dead-lettered: one of attempts-exhausted, terminal, undecodable, crash-loop, too-large, order-blocked. Null for every other end.',
    },
    {
      name: 'attempts',
      type: 'int',
      doc: 'Attempts spent in this life. 0 where none was made.',
    },
    {
      name: 'mayHaveRun',
      type: 'boolean',
      doc: 'Whether an attempt besides the counted ones may have run: it started under a runner that vanished, or is still running after its timeout. An upper bound.',
    },
    {
      name: 'runnerId',
      type: 'string',
      doc: 'The runner that wrote this record.',
    },
    {
      name: 'origin',
      type: {
        type: 'record',
        name: 'RecordPosition',
        doc: 'Where a record stands in Kafka.',
        fields: [
          {
            name: 'topic',
            type: 'string',
            doc: 'Full name, with its namespace.',
          },
          {
            name: 'partition',
            type: 'int',
            doc: 'Counts from 0.',
          },
          {
            name: 'offset',
            type: 'long',
            doc: 'Counts from 0.',
          },
        ],
      },
      doc: 'The record in <agent>.tasks or <agent>.replay the task began as.',
    },
    {
      name: 'queuedAt',
      type: 'long',
      doc: 'When the origin record was created or appended, whichever its topic keeps, in epoch milliseconds.',
    },
    {
      name: 'startedAt',
      type: ['null', 'long'],
      default: null,
      doc: 'When the last attempt started, in epoch milliseconds. Null where none did.',
    },
    {
      name: 'finishedAt',
      type: 'long',
      doc: 'When the task ended, in epoch milliseconds.',
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
      doc: 'The last failure. Null where the task succeeded, and where it ended before anything failed.',
    },
    {
      name: 'parent',
      type: ['null', 'string'],
      default: null,
      doc: 'Id of the task whose handler published this one. Null where a service published it.',
    },
    {
      name: 'replayId',
      type: ['null', 'string'],
      default: null,
      doc: 'Id of the replay that republished it. Null for a task that is no replay.',
    },
    {
      name: 'output',
      type: ['null', 'bytes'],
      default: null,
      doc: 'What the handler returned, in the Confluent wire format with its own schema id (subject <agent>.results-output). Null for every end but succeeded.',
    },
  ],
}

export const TaskResult: AvroSchema<TaskResult> = avroSchema<TaskResult>(schema)
