import { TaskResult } from '@towline/contracts'
import avsc from 'avsc'
import { BENCH_DONE_SCHEMA, BENCH_TASK_SCHEMA, type BenchTask } from '../ground/bench-task.ts'
import type { SchemaIds } from '../ground/round-ground.ts'

// Avro in the Confluent wire format by hand: a zero byte, the schema id, the body.

const FRAME_BYTES = 5
const taskType = avsc.Type.forSchema(BENCH_TASK_SCHEMA as avsc.Schema)
const doneType = avsc.Type.forSchema(BENCH_DONE_SCHEMA as avsc.Schema)
const resultType = avsc.Type.forSchema(JSON.parse(TaskResult.text) as avsc.Schema)

export function readTask(value: Buffer): BenchTask {
  return taskType.fromBuffer(value.subarray(FRAME_BYTES)) as BenchTask
}

export function writeTask(task: BenchTask, ids: SchemaIds): Buffer {
  return framed(ids.task, taskType.toBuffer(task))
}

/** Where a task was read, and what a result says of it. */
export interface PlainEnd {
  readonly taskId: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly queuedAtMs: number
  readonly n: number
}

/** The record Towline writes for the same end, with the same fields. */
export function writeResult({ taskId, topic, partition, offset, queuedAtMs, n }: PlainEnd, ids: SchemaIds): Buffer {
  const nowMs = Date.now()
  const result = {
    taskId,
    life: 1,
    end: 'succeeded',
    reason: null,
    attempts: 1,
    mayHaveRun: false,
    runnerId: 'plain',
    origin: { topic, partition, offset },
    queuedAt: queuedAtMs,
    startedAt: nowMs,
    finishedAt: nowMs,
    failure: null,
    parent: null,
    replayId: null,
    output: framed(ids.output, doneType.toBuffer({ n })),
  }
  return framed(ids.result, resultType.toBuffer(result))
}

function framed(schemaId: number, body: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_BYTES + body.length)
  bytes[0] = 0
  bytes.writeUInt32BE(schemaId, 1)
  body.copy(bytes, FRAME_BYTES)
  return bytes
}
