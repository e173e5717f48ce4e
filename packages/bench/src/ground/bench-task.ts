import { type AgentType, avroSchema, defineAgentType } from '@towline/contracts'

/** What every bench publishes: about 120 bytes of Avro. */
export interface BenchTask {
  /** From 0; each once. */
  readonly n: number
  /** When it was due to be published, on the machine's clock (see machineMs); 0 where nobody asks. */
  readonly dueMs: number
  /** How long its handler works. */
  readonly workMs: number
  readonly text: string
}

export interface BenchDone {
  readonly n: number
}

interface RecordSchema {
  readonly type: 'record'
  readonly name: string
  readonly namespace: string
  readonly fields: readonly { readonly name: string; readonly type: string }[]
  readonly [attribute: string]: unknown
}

/** The Avro schemas as JSON, for contenders that compile them themselves. */
export const BENCH_TASK_SCHEMA: RecordSchema = {
  type: 'record',
  name: 'BenchTask',
  namespace: 'io.towline.bench',
  fields: [
    { name: 'n', type: 'int' },
    { name: 'dueMs', type: 'double' },
    { name: 'workMs', type: 'int' },
    { name: 'text', type: 'string' },
  ],
}
export const BENCH_DONE_SCHEMA: RecordSchema = {
  type: 'record',
  name: 'BenchDone',
  namespace: 'io.towline.bench',
  fields: [{ name: 'n', type: 'int' }],
}

export const benchType: AgentType<BenchTask, BenchDone> = defineAgentType({
  type: 'bench',
  input: avroSchema<BenchTask>(BENCH_TASK_SCHEMA),
  output: avroSchema<BenchDone>(BENCH_DONE_SCHEMA),
})

const TEXT = 'A task of an agent, with as many words as a short request to it would have, and a reference or two.'

export function benchTask(n: number, more: Partial<BenchTask> = {}): BenchTask {
  return { n, dueMs: 0, workMs: 0, text: TEXT, ...more }
}

/** A task to be seeded, with the key it is published under. */
export interface SeedTask {
  readonly input: BenchTask
  readonly key?: string
}

/** The tasks 0 to `count` − 1, without keys. */
export function benchTasks(count: number): readonly SeedTask[] {
  return Array.from({ length: count }, (_, n) => ({ input: benchTask(n) }))
}

/** 0 to `longestMs` in turn, so many tasks of each. */
export function workMs(n: number, longestMs: number): number {
  return n % (longestMs + 1)
}
