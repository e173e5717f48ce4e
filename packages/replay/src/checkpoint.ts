// What the replay's own group holds: per partition of the source the offset to read on from, and in its metadata the
// plan, so that whoever knows the id can go on, and what was done.
//
// Every partition's metadata is complete in itself, because Kafka bounds the metadata of each partition, not their sum.

import { isTaskId, parseTopicName, TowlineError } from '@towline/contracts'
import type { ReplayPlan } from './replay-plan.ts'
import type { PartitionProgress } from './sent-ledger.ts'

/** `planned`: nothing was sent. `started`: something may have been. `finished`: everything was, in every partition. */
export type ReplayState = 'planned' | 'started' | 'finished'

/** One partition's share of a checkpoint. */
export interface CheckpointEntry {
  /** The plan as far as one partition tells it: its own range only. */
  readonly plan: ReplayPlan
  /** How many partitions the whole plan has. */
  readonly partitionCount: number
  readonly progress: PartitionProgress
  readonly state: ReplayState
  readonly updatedAtMs: number
}

/** Kafka's default `offset.metadata.max.bytes`. */
const MAX_METADATA_BYTES = 4_096
const VERSION = 1
const STATES: readonly string[] = ['planned', 'started', 'finished'] satisfies ReplayState[]

/** @throws TowlineError TOWLINE_REPLAY_INVALID when the plan does not fit into commit metadata */
export function encodeCheckpoint(
  plan: ReplayPlan,
  progress: PartitionProgress,
  state: ReplayState,
  updatedAtMs: number,
): string {
  const text = JSON.stringify({
    v: VERSION,
    state,
    source: plan.source,
    target: plan.target,
    partitions: plan.partitions.length,
    from: progress.from,
    to: progress.to,
    records: progress.records,
    ...(progress.lost === 0 ? {} : { lost: progress.lost }),
    ...(plan.key === null ? {} : { key: plan.key.toString('base64') }),
    ...(plan.max === null ? {} : { max: plan.max }),
    ...(plan.ratePerSecond === null ? {} : { rate: plan.ratePerSecond }),
    createdAtMs: plan.createdAtMs,
    updatedAtMs,
    by: plan.by,
    ...(plan.reason === null ? {} : { reason: plan.reason }),
  })
  const bytes = Buffer.byteLength(text)
  if (bytes <= MAX_METADATA_BYTES) return text
  throw new TowlineError(
    'TOWLINE_REPLAY_INVALID',
    `the plan takes ${bytes} bytes of commit metadata, Kafka takes ${MAX_METADATA_BYTES}`,
    { value: bytes, bound: MAX_METADATA_BYTES, wayOut: 'Shorten the reason, the name of who asks or the key' },
  )
}

/** Reads one partition's metadata; null for anything that is not a checkpoint of this version. Never throws. */
export function decodeCheckpoint(
  text: string,
  at: { readonly replayId: string; readonly partition: number; readonly next: number },
): CheckpointEntry | null {
  const fields = parseObject(text)
  if (fields === null || fields['v'] !== VERSION || !isTaskId(at.replayId)) return null
  const { state, source, target, by } = fields
  const counts = {
    partitions: fields['partitions'],
    from: fields['from'],
    to: fields['to'],
    records: fields['records'],
  }
  const times = { createdAtMs: fields['createdAtMs'], updatedAtMs: fields['updatedAtMs'] }
  const lost = fields['lost'] ?? 0
  if (!isText(state) || !isState(state) || !isText(source) || !isText(target) || !isText(by)) return null
  if (!areCounts(counts) || !areCounts(times) || !isCount(lost)) return null
  const topic = parseTopicName(source)
  const options = optionsOf(fields)
  if (topic === null || options === null || counts.from >= counts.to) return null
  const range = { partition: at.partition, from: counts.from, to: counts.to }
  const plan: ReplayPlan = {
    replayId: at.replayId,
    namespace: topic.namespace,
    agentType: topic.agent,
    source,
    target,
    partitions: [range],
    ...options,
    createdAtMs: times.createdAtMs,
    by,
  }
  const progress = { ...range, next: at.next, records: counts.records, lost }
  return { plan, partitionCount: counts.partitions, progress, state, updatedAtMs: times.updatedAtMs }
}

type PlanOptions = Pick<ReplayPlan, 'key' | 'max' | 'ratePerSecond' | 'reason'>

function optionsOf(fields: Fields): PlanOptions | null {
  const { key = null, max = null, rate = null, reason = null } = fields
  if ((key !== null && !isText(key)) || (reason !== null && !isText(reason))) return null
  if ((max !== null && !isCount(max)) || (rate !== null && !(typeof rate === 'number' && rate > 0))) return null
  return { key: key === null ? null : Buffer.from(key, 'base64'), max, ratePerSecond: rate, reason }
}

type Fields = Readonly<Record<string, unknown>> & { readonly [Name in FieldName]?: unknown }
type FieldName = 'state' | 'source' | 'target' | 'by' | 'key' | 'max' | 'rate' | 'reason'

function parseObject(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Fields) : null
  } catch {
    return null
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isState(text: string): text is ReplayState {
  return STATES.includes(text)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function areCounts<Names extends string>(values: Record<Names, unknown>): values is Record<Names, number> {
  return Object.values(values).every(isCount)
}
