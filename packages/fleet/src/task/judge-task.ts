import { type DeadReason, HEADER, headerText, isDeadReason } from '@towline/contracts'
import type { FoundRecord } from './record-scan.ts'
import type { LifeEnd } from './task-ends.ts'
import type { TaskReport, TaskState } from './task-report.ts'
import { envelopeOf, type Trace } from './task-traces.ts'

/** What was found of a task. */
export interface Evidence {
  /** Ascending by life. */
  readonly ends: readonly LifeEnd[]
  /** The record an ended task began as, while it is retained. */
  readonly first: FoundRecord | null
  /** As `inOrder` has them: the last is where the task is. */
  readonly traces: readonly Trace[]
  /** Dead letters, in offset order. */
  readonly letters: readonly FoundRecord[]
}

export type Judged = Omit<TaskReport, 'agent' | 'taskId' | 'input' | 'output' | 'scannedRecords'>

/** Pure: the state of a task, or null when nothing was found of it. An end of the latest life counts most. */
export function judgeTask(evidence: Evidence): Judged | null {
  const { ends, traces, letters } = evidence
  const last = traces.at(-1)
  const end = ends.at(-1)
  const letter = letters.at(-1)
  const letterEnvelope = letter === undefined ? undefined : envelopeOf(letter)
  const life = Math.max(last?.envelope.life ?? 0, end?.life ?? 0, letterEnvelope?.life ?? 0)
  if (life === 0) return null
  const common = { ...nothingKnown, life, ...ofFirst(evidence), earlierEnds: endsBefore(life, ends) }
  if (end?.life === life) return { ...common, ...ofEnd(end) }
  if (letter !== undefined && letterEnvelope?.life === life) {
    return { ...common, ...ofEnvelope(letterEnvelope), state: 'dead-lettered', reason: reasonOf(letter) }
  }
  return last === undefined ? null : { ...common, ...ofTrace(last) }
}

/** The earliest record there is of a task: it holds the input, the key and the tenant as every later one does. */
export function firstRecordOf({ first, traces, letters }: Evidence): FoundRecord | null {
  return first ?? traces[0] ?? letters[0] ?? null
}

function ofFirst(evidence: Evidence): Pick<Judged, 'origin' | 'key' | 'tenant' | 'deadlineAtMs'> {
  const first = firstRecordOf(evidence)
  if (first === null)
    return { origin: evidence.ends.at(-1)?.origin ?? null, key: null, tenant: null, deadlineAtMs: null }
  const { origin, key, tenant, deadlineAtMs } = envelopeOf(first)
  return { origin, key: key?.toString('utf8') ?? null, tenant: tenant ?? null, deadlineAtMs: deadlineAtMs ?? null }
}

function endsBefore(life: number, ends: readonly LifeEnd[]): Judged['earlierEnds'] {
  return ends
    .filter((end) => end.life < life)
    .map(({ life: of, end, finishedAtMs }) => ({ life: of, end, finishedAtMs }))
}

/** Every field, in the order of the JSON document. */
const nothingKnown: Judged = {
  state: 'unknown',
  life: 0,
  attempts: 0,
  mayHaveRun: false,
  reason: null,
  failure: null,
  key: null,
  tenant: null,
  parent: null,
  replayId: null,
  queuedAtMs: null,
  startedAtMs: null,
  finishedAtMs: null,
  dueAtMs: null,
  deadlineAtMs: null,
  runnerId: null,
  origin: null,
  position: null,
  earlierEnds: [],
}

function ofEnd(
  end: LifeEnd,
): Pick<
  Judged,
  | 'state'
  | 'attempts'
  | 'mayHaveRun'
  | 'reason'
  | 'failure'
  | 'parent'
  | 'replayId'
  | 'queuedAtMs'
  | 'startedAtMs'
  | 'finishedAtMs'
  | 'runnerId'
> {
  return {
    state: end.end,
    attempts: end.attempts,
    mayHaveRun: end.mayHaveRun,
    reason: end.reason,
    failure: end.failure,
    parent: end.parent,
    replayId: end.replayId,
    queuedAtMs: end.queuedAtMs,
    startedAtMs: end.startedAtMs,
    finishedAtMs: end.finishedAtMs,
    runnerId: end.runnerId,
  }
}

function ofTrace(
  trace: Trace,
): Pick<
  Judged,
  'state' | 'attempts' | 'failure' | 'parent' | 'replayId' | 'queuedAtMs' | 'dueAtMs' | 'deadlineAtMs' | 'position'
> {
  const { envelope, standing, attemptsInPlace, delayMs } = trace
  const state = stateOf(trace)
  const isRunning = standing === 'started'
  return {
    ...ofEnvelope(envelope),
    state,
    attempts: envelope.attempt - 1 + attemptsInPlace + (isRunning ? 1 : 0),
    dueAtMs:
      state === 'retrying' && delayMs !== undefined
        ? Math.max(trace.record.timestampMs + delayMs, envelope.dueAtMs ?? 0)
        : null,
    position: { topic: trace.topic, partition: trace.partition, offset: trace.record.offset },
  }
}

function stateOf({ standing, delayMs }: Trace): TaskState {
  switch (standing) {
    case 'finished':
      return 'unknown'
    case 'started':
      return 'running'
    case 'waiting':
      return delayMs === undefined ? 'queued' : 'retrying'
  }
}

function ofEnvelope(
  envelope: Trace['envelope'],
): Pick<Judged, 'attempts' | 'failure' | 'parent' | 'replayId' | 'queuedAtMs' | 'deadlineAtMs'> {
  return {
    attempts: envelope.attempt,
    failure: envelope.lastFailure ?? null,
    parent: envelope.parent ?? null,
    replayId: envelope.replayId ?? null,
    queuedAtMs: envelope.queuedAtMs,
    deadlineAtMs: envelope.deadlineAtMs ?? null,
  }
}

function reasonOf(letter: FoundRecord): DeadReason | null {
  const text = headerText(letter.record.headers, HEADER.deadReason)
  return text !== undefined && isDeadReason(text) ? text : null
}
