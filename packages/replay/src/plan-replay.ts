import { type Clock, newTaskId, parseTopicName, TowlineError, topicNames } from '@towline/contracts'
import { encodeCheckpoint } from './checkpoint.ts'
import { cutToMax } from './cut-to-max.ts'
import type { RangeBounds } from './range-bound.ts'
import { replayInvalid } from './replay-invalid.ts'
import type { ClippedRange, ReplayPlan } from './replay-plan.ts'
import type { PlanningAdmin, ReplayReader } from './replay-ports.ts'
import { type RangeSelection, type ResolvedRanges, resolveRanges, timesOf } from './resolve-ranges.ts'

/** What a replay is asked to cover and how. */
export interface ReplayRequest {
  readonly agentType: string
  readonly namespace?: string | undefined
  /** `<agent>.tasks` (default) or `<agent>.replay`. */
  readonly source?: string | undefined
  /** Default `<agent>.replay`; any topic of tasks, or one that is not Towline's. */
  readonly toTopic?: string | undefined
  /** First of the range. Default: the log start. */
  readonly from?: RangeBounds | undefined
  /** Where the range stops, itself left out. Default: the log end now. */
  readonly to?: RangeBounds | undefined
  /** Default: all. */
  readonly partitions?: readonly number[] | undefined
  /**
   * Only records with exactly this key, text as UTF-8. Every selected partition is searched: where a key stands depends
   * on the partitioner of its publisher and on how many partitions the topic had then.
   */
  readonly key?: string | Buffer | undefined
  /** At most so many records: the earliest, by time across partitions. */
  readonly max?: number | undefined
  /** Most records per second. Default: as fast as the brokers take them. */
  readonly ratePerSecond?: number | undefined
  /** Without any selection, replay the whole retained topic. */
  readonly all?: boolean | undefined
  /** Who asks. */
  readonly by: string
  readonly reason?: string | undefined
}

export interface PlannedReplay {
  readonly plan: ReplayPlan
  /** Where the log no longer holds what was asked for. Not a failure: the plan begins at the log start there. */
  readonly clipped: readonly ClippedRange[]
}

export interface PlanPorts {
  readonly admin: PlanningAdmin
  readonly reader: ReplayReader
  readonly clock: Clock
}

const EVERYTHING: RangeBounds = { everywhere: undefined, byPartition: new Map() }
const MAX_RATE = 1_000_000
const MAX_KEY_BYTES = 1_024
const MAX_BY_BYTES = 256
const MAX_REASON_BYTES = 512

/**
 * Decides what a replay covers and pins it: offsets of this moment, clipped to what the log holds. Writes nothing. With
 * `max` it reads up to that many matching records to find where the last of them stands.
 *
 * @throws TowlineError TOWLINE_REPLAY_INVALID, TOWLINE_FILTER_REQUIRED, TOWLINE_NAME_INVALID, TOWLINE_TOPIC_MISSING,
 *   TOWLINE_BROKER_UNAVAILABLE
 */
export async function planReplay(
  request: ReplayRequest,
  ports: PlanPorts,
  options: { readonly signal?: AbortSignal } = {},
): Promise<PlannedReplay> {
  checkRequest(request)
  const names = topicNames(request.agentType, request.namespace)
  const source = request.source ?? names.tasks
  if (source !== names.tasks && source !== names.replay) {
    const bound = `${names.tasks} or ${names.replay}`
    throw replayInvalid(`a replay of ${request.agentType} reads ${bound}, got ${source}`, { value: source, bound })
  }
  const target = request.toTopic ?? names.replay
  await checkTarget(target, ports.admin)
  const createdAtMs = ports.clock.nowMs()
  const { ranges, clipped } = await pin(request, source, createdAtMs, ports.admin)
  const plan: ReplayPlan = {
    replayId: newTaskId(createdAtMs),
    namespace: request.namespace,
    agentType: request.agentType,
    source,
    target,
    partitions: ranges,
    key: request.key === undefined ? null : Buffer.from(request.key),
    max: request.max ?? null,
    ratePerSecond: request.ratePerSecond ?? null,
    createdAtMs,
    by: request.by,
    reason: request.reason ?? null,
  }
  const cut = plan.max === null ? plan : await cutToMax(plan, plan.max, ports.reader, options.signal)
  checkFitsCheckpoint(cut)
  return { plan: cut, clipped }
}

async function pin(
  request: ReplayRequest,
  source: string,
  nowMs: number,
  admin: PlanningAdmin,
): Promise<ResolvedRanges> {
  const selection: RangeSelection = {
    from: request.from ?? EVERYTHING,
    to: request.to ?? EVERYTHING,
    partitions: request.partitions,
  }
  // First the log end, then times: a record appended between is outside the range either way.
  const offsets = await admin.offsets(source)
  const byTime = new Map<number, ReadonlyMap<number, number>>()
  for (const timeMs of timesOf(selection, nowMs)) {
    const found = await admin.offsetsAt(source, timeMs)
    byTime.set(timeMs, new Map(found.map(({ partition, offset }) => [partition, offset])))
  }
  const offsetAt = (partition: number, timeMs: number): number =>
    byTime.get(timeMs)?.get(partition) ?? offsets.find((known) => known.partition === partition)?.high ?? 0
  return resolveRanges(selection, { topic: source, offsets, nowMs, offsetAt })
}

async function checkTarget(target: string, admin: PlanningAdmin): Promise<void> {
  const kind = parseTopicName(target)?.kind
  const isSystem = /^(?:[^.]+\.)?towline\.(?:control|load|groups)$/.test(target)
  if (isSystem || (kind !== undefined && kind !== 'tasks' && kind !== 'replay')) {
    throw replayInvalid(`a replay writes to a topic of tasks, got ${target}`, {
      value: target,
      wayOut: 'Give <agent>.replay, <agent>.tasks, or a topic that is not of Towline',
    })
  }
  const [described] = await admin.describeTopics([target])
  if (described !== undefined) return
  throw new TowlineError('TOWLINE_TOPIC_MISSING', `the target ${target} does not exist`, {
    value: target,
    wayOut: 'Create it with `towline topics apply`, or choose another with --to-topic',
  })
}

function checkRequest(request: ReplayRequest): void {
  const { from, to, partitions, key, max, ratePerSecond } = request
  const isSelective = [from, to, partitions, key, max].some((part) => part !== undefined)
  if (!isSelective && request.all !== true) {
    throw new TowlineError('TOWLINE_FILTER_REQUIRED', `a replay of ${request.agentType} was given no selection`, {
      wayOut: 'Give --from, --to, --partition, --key or --max, or --all for everything retained',
    })
  }
  if (partitions?.length === 0) throw replayInvalid('--partition names no partition')
  if (max !== undefined && !(Number.isSafeInteger(max) && max >= 1)) {
    throw replayInvalid(`--max must be a whole number, at least 1, got ${max}`, { value: max, bound: 1 })
  }
  if (ratePerSecond !== undefined && !(ratePerSecond > 0 && ratePerSecond <= MAX_RATE)) {
    const bound = `above 0, at most ${MAX_RATE}`
    throw replayInvalid(`--rate must be ${bound} records per second, got ${ratePerSecond}`, {
      value: ratePerSecond,
      bound,
    })
  }
  checkBytes('--key', key, 0, MAX_KEY_BYTES)
  checkBytes('the name of who asks', request.by, 1, MAX_BY_BYTES)
  checkBytes('the reason', request.reason, 1, MAX_REASON_BYTES)
}

function checkBytes(what: string, value: string | Buffer | undefined, min: number, max: number): void {
  if (value === undefined) return
  const bytes = Buffer.byteLength(value)
  if (bytes >= min && bytes <= max) return
  throw replayInvalid(`${what} must have ${min} to ${max} bytes, got ${bytes}`, { value: bytes, bound: max })
}

/** Bytes are bounded above, but JSON may need six characters for one of them: better refused now than when it runs. */
function checkFitsCheckpoint(plan: ReplayPlan): void {
  for (const range of plan.partitions) {
    encodeCheckpoint(
      plan,
      { ...range, next: range.to, records: range.to, lost: range.to },
      'finished',
      plan.createdAtMs,
    )
  }
}
