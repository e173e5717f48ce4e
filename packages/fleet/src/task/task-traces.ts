import {
  HEADER,
  headerText,
  type LifeOfTask,
  parseLife,
  partitionFor,
  readEnvelope,
  type TaskEnvelope,
} from '@towline/contracts'
import type { AdminPort } from '@towline/kafka'
import { given } from '../given.ts'
import type { ConsumedTopic } from '../progress/agent-topics.ts'
import { readProgress } from '../progress/partition-progress.ts'
import type { FoundRecord, RecordScan } from './record-scan.ts'

/** A record of the task in a topic that runners consume, and what its group says of it. */
export interface Trace extends FoundRecord {
  readonly envelope: TaskEnvelope
  /** Undefined in topics without a tier delay. */
  readonly delayMs: number | undefined
  readonly standing: 'finished' | 'waiting' | 'started'
  /** Attempts spent in place on this very record. */
  readonly attemptsInPlace: number
}

export interface TraceQuery {
  readonly taskId: string
  readonly sinceMs: number
  /** The record key, where the caller knows it: then one partition is read instead of all. */
  readonly key: Buffer | undefined
  readonly signal?: AbortSignal
}

/** Every record of the task in consumed topics, retry tiers included, {@link inOrder}. */
export async function findTraces(
  scan: RecordScan,
  admin: AdminPort,
  topics: readonly ConsumedTopic[],
  query: TraceQuery,
): Promise<readonly Trace[]> {
  const traces: Trace[] = []
  const isTask = (found: FoundRecord): boolean => envelopeOf(found).taskId === query.taskId
  let key = query.key
  for (const topic of topics) {
    const found = await findMatching(scan, topic.topic, { ...query, key }, isTask)
    for (const match of found) traces.push(await traceOf(admin, topic, match))
    key ??= found[0]?.record.key ?? undefined
  }
  return inOrder(traces)
}

/** By life and attempt; of one attempt, which a deferral moves from tier to tier, the record that still waits is last. */
export function inOrder(traces: readonly Trace[]): readonly Trace[] {
  return traces.toSorted(
    (a, b) =>
      a.envelope.life - b.envelope.life ||
      a.envelope.attempt - b.envelope.attempt ||
      Number(a.standing !== 'finished') - Number(b.standing !== 'finished') ||
      a.record.timestampMs - b.record.timestampMs,
  )
}

/** What the dead-letter topic holds of the task. */
export interface DlqRecords {
  /** In offset order. */
  readonly letters: readonly FoundRecord[]
  /** Lives that were redriven: the next life has been published. */
  readonly redrivenLives: ReadonlySet<number>
}

export async function findLetters(scan: RecordScan, dlqTopic: string, query: TraceQuery): Promise<DlqRecords> {
  const letters: FoundRecord[] = []
  const redrivenLives = new Set<number>()
  const found = await findMatching(scan, dlqTopic, query, (candidate) => {
    const resolved = resolvedLife(candidate)
    return resolved === null ? envelopeOf(candidate).taskId === query.taskId : resolved.taskId === query.taskId
  })
  for (const candidate of found) {
    const resolved = resolvedLife(candidate)
    if (resolved === null) letters.push(candidate)
    else if (headerText(candidate.record.headers, HEADER.resolvedAs) === 'redriven') redrivenLives.add(resolved.life)
  }
  return { letters, redrivenLives }
}

function resolvedLife({ record }: FoundRecord): LifeOfTask | null {
  const text = headerText(record.headers, HEADER.resolves)
  return text === undefined ? null : parseLife(text)
}

export function envelopeOf({ topic, partition, record }: FoundRecord): TaskEnvelope {
  return readEnvelope({ topic, partition, ...record }).envelope
}

/** The partition of the key first; an unkeyed task has its id as key, and a foreign record may lie anywhere. */
async function findMatching(
  scan: RecordScan,
  topic: string,
  query: TraceQuery,
  matches: (found: FoundRecord) => boolean,
): Promise<readonly FoundRecord[]> {
  const count = await scan.partitionCount(topic)
  const rangeOf = (partition: number | undefined) => ({
    topic,
    partition,
    sinceMs: query.sinceMs,
    ...given({ signal: query.signal }),
  })
  const likely = await scan.find(rangeOf(partitionFor(query.key ?? Buffer.from(query.taskId), count)), matches)
  if (likely.length > 0 || query.key !== undefined) return likely
  return await scan.find(rangeOf(undefined), matches)
}

async function traceOf(admin: AdminPort, topic: ConsumedTopic, found: FoundRecord): Promise<Trace> {
  const progress = (await readProgress(admin, topic.topic)).find(({ partition }) => partition === found.partition)
  const noted = progress?.note?.unfinished.find(({ offset }) => offset === found.record.offset)
  const committed = progress?.committed ?? 0
  const isPast =
    found.record.offset < committed ||
    (progress?.note != null && found.record.offset < progress.note.end && noted === undefined)
  return {
    ...found,
    envelope: envelopeOf(found),
    delayMs: topic.delayMs,
    // A clean note says that nothing of its partition runs any more: what it calls started was interrupted.
    standing: isPast ? 'finished' : noted?.started === true && progress?.note?.clean !== true ? 'started' : 'waiting',
    attemptsInPlace: noted?.attempts ?? 0,
  }
}
