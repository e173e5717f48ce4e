import { decodeAny, isTaskId, type SchemaSource, TowlineError, taskIdTimeMs, topicNames } from '@towline/contracts'
import type { AdminPort, ReaderPort } from '@towline/kafka'
import { given } from '../given.ts'
import { type ConsumedTopic, findConsumedTopics } from '../progress/agent-topics.ts'
import { type Evidence, firstRecordOf, judgeTask } from './judge-task.ts'
import { RecordScan } from './record-scan.ts'
import { type EndsQuery, findEnds } from './task-ends.ts'
import type { ShownValue, TaskReport } from './task-report.ts'
import { findLetters, findTraces, type TraceQuery } from './task-traces.ts'

export interface LookUpPorts {
  readonly admin: AdminPort
  readonly reader: ReaderPort
  readonly schemas: SchemaSource
}

export interface TaskQuery {
  readonly agent: string
  readonly taskId: string
  readonly namespace: string | undefined
  readonly configured: readonly string[]
  /** Where to begin, epoch milliseconds. Default: the moment in the id; ids without one need it. */
  readonly sinceMs?: number
  /** The ordering key, where known. */
  readonly key?: string
  /** Most records to look at. Default 1,000,000. */
  readonly maxRecords?: number
  readonly signal?: AbortSignal
}

const DEFAULT_MAX_RECORDS = 1_000_000
/** How far the clocks of publisher and broker may be apart. */
const CLOCK_SLACK_MS = 60_000

/**
 * What the log says of a task: its end if it has one, else where it waits. Reads one partition of results, and more only
 * while there is no end.
 *
 * @throws TowlineError TOWLINE_TASK_NOT_FOUND, TOWLINE_OPTION_INVALID (no UUID, or one without a time and no `sinceMs`),
 * TOWLINE_AGENT_UNKNOWN, TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE, TOWLINE_REGISTRY_UNAVAILABLE
 */
export async function lookUpTask(ports: LookUpPorts, query: TaskQuery): Promise<TaskReport> {
  const sinceMs = startOf(query)
  const { agent, taskId, namespace, configured } = query
  const topics = await findConsumedTopics(ports.admin, { namespace, configured, wanted: [agent] })
  const names = topicNames(agent, namespace)
  const scan = new RecordScan(ports, query.maxRecords ?? DEFAULT_MAX_RECORDS)
  const search = { taskId, sinceMs, ...given({ signal: query.signal }) }
  const evidence = await gather(ports, scan, topics, {
    ...search,
    dlqTopic: names.dlq,
    ends: { ...search, resultsTopic: names.results, schemas: ports.schemas },
    key: query.key === undefined ? undefined : Buffer.from(query.key),
  })
  const judged = judgeTask(evidence)
  if (judged === null) throw notFound(query, sinceMs, scan.scannedRecords)
  return {
    agent,
    taskId,
    ...judged,
    input: await shown(firstRecordOf(evidence)?.record.value ?? null, ports.schemas),
    output: await shown(evidence.ends.at(-1)?.output ?? null, ports.schemas),
    scannedRecords: scan.scannedRecords,
  }
}

interface Search extends TraceQuery {
  readonly dlqTopic: string
  readonly ends: EndsQuery
}

/** An ended task is read at the origin its result names; the flow is searched only for one without an end, or redriven. */
async function gather(
  { admin }: LookUpPorts,
  scan: RecordScan,
  topics: readonly ConsumedTopic[],
  search: Search,
): Promise<Evidence> {
  const ends = await findEnds(scan, search.ends)
  const last = ends.at(-1)
  const first = last === undefined ? null : await scan.at(last.origin, search.signal)
  if (last !== undefined && last.end !== 'dead-lettered') return { ends, first, traces: [], letters: [] }
  const key = search.key ?? first?.record.key ?? undefined
  const { letters, redrivenLives } = await findLetters(scan, search.dlqTopic, { ...search, key })
  if (last !== undefined && !redrivenLives.has(last.life)) return { ends, first, traces: [], letters }
  const traces = await findTraces(scan, admin, topics, { ...search, key: key ?? letters[0]?.record.key ?? undefined })
  const isPast = traces.every(({ standing }) => standing === 'finished')
  // It may have ended between the reads.
  return { ends: isPast ? await findEnds(scan, search.ends) : ends, first, traces, letters }
}

function startOf({ taskId, sinceMs }: TaskQuery): number {
  if (!isTaskId(taskId)) {
    throw new TowlineError(
      'TOWLINE_OPTION_INVALID',
      `a task id must be a lower-case UUID, got ${JSON.stringify(taskId)}`,
      {
        value: taskId.slice(0, 64),
        bound: '36 characters',
        wayOut: 'Copy the whole id, as publish printed it',
      },
    )
  }
  const madeAtMs = taskIdTimeMs(taskId)
  if (sinceMs !== undefined) return sinceMs
  if (madeAtMs !== null) return madeAtMs - CLOCK_SLACK_MS
  throw new TowlineError('TOWLINE_OPTION_INVALID', `task id ${taskId} holds no time to search from`, {
    value: taskId,
    bound: 'UUIDv7',
    wayOut: 'Say from when to search, for example --since -2h',
  })
}

async function shown(bytes: Buffer | null, schemas: SchemaSource): Promise<ShownValue | null> {
  if (bytes === null) return null
  const decoded = await decodeAny(bytes, schemas)
  return decoded.kind === 'decoded'
    ? { kind: 'decoded', value: decoded.value, schema: decoded.schemaName }
    : { kind: 'undecodable', because: decoded.failureMessage }
}

function notFound({ agent, taskId }: TaskQuery, sinceMs: number, scanned: number): TowlineError {
  const since = new Date(sinceMs).toISOString()
  return new TowlineError('TOWLINE_TASK_NOT_FOUND', `no record of task ${taskId} of ${agent} since ${since}`, {
    value: taskId,
    bound: scanned,
    wayOut: 'Check the agent type, --namespace and --since; its records may also be past the retention of their topics',
  })
}
