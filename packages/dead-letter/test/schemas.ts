import { readFileSync } from 'node:fs'
import { type AvroSchema, avroSchema } from '@towline/contracts'

type RecordSchema = Parameters<typeof avroSchema>[0]

function fromHistory(file: string): RecordSchema {
  const path = new URL(`../../../schemas/history/${file}`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as RecordSchema
}

/** What runners write, so that these tests fail when it can no longer be read. */
export const resultSchema: AvroSchema<object> = avroSchema<object>(fromHistory('task-result.1.avsc'))

const input = { type: 'record', name: 'Input', namespace: 'test', fields: [{ name: 'path', type: 'string', doc: 'x' }] }
export const inputSchema: AvroSchema<{ readonly path: string }> = avroSchema<{ readonly path: string }>(input)

export function resultOf(taskId: string, life: number, end: string, finishedAt: number): object {
  return {
    taskId,
    life,
    end,
    reason: null,
    attempts: 1,
    mayHaveRun: false,
    runnerId: 'runner-1',
    origin: { topic: 'digest.tasks', partition: 0, offset: 0 },
    queuedAt: finishedAt,
    startedAt: null,
    finishedAt,
    failure: null,
    parent: null,
    replayId: null,
    output: Buffer.alloc(64),
  }
}
