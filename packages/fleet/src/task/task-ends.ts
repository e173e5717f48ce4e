import {
  type DeadReason,
  decodeAny,
  type End,
  type Failure,
  isDeadReason,
  isEnd,
  partitionFor,
  type RecordPosition,
  type SchemaSource,
  type TaskResult,
} from '@towline/contracts'
import { given } from '../given.ts'
import type { RecordScan } from './record-scan.ts'

/** The first end of one life of a task. */
export interface LifeEnd {
  readonly life: number
  readonly end: End
  readonly reason: DeadReason | null
  readonly attempts: number
  readonly mayHaveRun: boolean
  readonly runnerId: string
  readonly origin: RecordPosition
  readonly queuedAtMs: number
  readonly startedAtMs: number | null
  readonly finishedAtMs: number
  readonly failure: Failure | null
  readonly parent: string | null
  readonly replayId: string | null
  readonly output: Buffer | null
}

export interface EndsQuery {
  readonly resultsTopic: string
  readonly taskId: string
  readonly sinceMs: number
  readonly schemas: SchemaSource
  readonly signal?: AbortSignal
}

/** The ends of a task, one per life, ascending: the first record of a (task id, life) counts. */
export async function findEnds(scan: RecordScan, query: EndsQuery): Promise<readonly LifeEnd[]> {
  const id = Buffer.from(query.taskId)
  const partition = partitionFor(id, await scan.partitionCount(query.resultsTopic))
  const range = { topic: query.resultsTopic, partition, sinceMs: query.sinceMs, ...given({ signal: query.signal }) }
  const found = await scan.find(range, ({ record }) => record.key?.equals(id) === true)
  const ends = new Map<number, LifeEnd>()
  for (const { record } of found) {
    const decoded = await decodeAny(record.value, query.schemas)
    const end = decoded.kind === 'decoded' ? lifeEndOf(decoded.value as TaskResult, query.taskId) : null
    if (end !== null && !ends.has(end.life)) ends.set(end.life, end)
  }
  return [...ends.values()].sort((a, b) => a.life - b.life)
}

/** Null for a record that is not an end of this task, whatever wrote it. */
function lifeEndOf(result: TaskResult, taskId: string): LifeEnd | null {
  if (result.taskId !== taskId || !isEnd(result.end)) return null
  const { failure, reason } = result
  return {
    life: result.life,
    end: result.end,
    reason: typeof reason === 'string' && isDeadReason(reason) ? reason : null,
    attempts: result.attempts,
    mayHaveRun: result.mayHaveRun,
    runnerId: result.runnerId,
    origin: result.origin,
    queuedAtMs: result.queuedAt,
    startedAtMs: result.startedAt ?? null,
    finishedAtMs: result.finishedAt,
    failure: failure === null || failure === undefined ? null : failureWithoutNulls(failure),
    parent: result.parent ?? null,
    replayId: result.replayId ?? null,
    output: result.output === null ? null : Buffer.from(result.output),
  }
}

function failureWithoutNulls({ stack, ...failure }: NonNullable<TaskResult['failure']>): Failure {
  return stack === null || stack === undefined ? failure : { ...failure, stack }
}
