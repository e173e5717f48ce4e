import { type AvroSchema, avroSchema, type End } from '@towline/contracts'

/** The part of a `task-result` that says how which life of which task ended. */
export interface TaskEnd {
  readonly taskId: string
  readonly life: number
  /** An {@link End}, or a word of a newer Towline. */
  readonly end: string
}

/** Reads any version of `io.towline.TaskResult`: Avro skips the fields a reader does not name, the output included. */
export const taskEndSchema: AvroSchema<TaskEnd> = avroSchema({
  type: 'record',
  name: 'TaskResult',
  namespace: 'io.towline',
  fields: [
    { name: 'taskId', type: 'string' },
    { name: 'life', type: 'int' },
    { name: 'end', type: 'string' },
  ],
} as { name: string; namespace: string })

/** How a task ended, as far as this version knows the word. */
export type KnownEnd = End | 'unknown'
