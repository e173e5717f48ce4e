import { groupIdOf, TowlineError } from '@towline/contracts'
import type { CommitEntry } from '@towline/kafka'
import type { PartitionProgress } from '../progress/partition-progress.ts'

/** Where partitions go on. `first-unended`: at the first task without an end, by `.results`. */
export type RestoreTarget =
  | { readonly kind: 'first-unended' | 'earliest' | 'latest' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** The first record at or after it. */
  | { readonly kind: 'time'; readonly atMs: number }

export interface RestoreRequest {
  /** Default `first-unended`. */
  readonly target?: RestoreTarget
  /** One of the topics the agent's runners consume. Default all, or `.tasks` where `partitions` are given. */
  readonly topic?: string
  /** Only these, also where they have a committed offset. Default: all that have none. */
  readonly partitions?: readonly number[]
  /** Most records to look at for `first-unended`, results included. Default 2,000,000. */
  readonly maxRecords?: number
  readonly onProgress?: (records: number, ofAtMost: number) => void
  readonly signal?: AbortSignal
}

/** Why a partition is restored to where it is; `has-offset`: it is left alone. */
export type RestoreReason = RestoreTarget['kind'] | 'all-ended' | 'has-offset'

/** What a restoration does with one partition. */
export interface RestoredPartition {
  readonly topic: string
  readonly group: string
  readonly partition: number
  readonly logStart: number
  readonly logEnd: number
  readonly committed: number | null
  /** What it commits: the next offset to read. Null where the partition is left alone. */
  readonly to: number | null
  readonly because: RestoreReason
  /** Tasks from `to` on without an end, which run. Null where that was not looked up. */
  readonly unended: number | null
  /** Of them, those older than what `.results` still holds: they may have ended. */
  readonly mayHaveEnded: number | null
  /** Tasks from `to` on that have ended and run again, for want of room in the note. Null where not looked up. */
  readonly runAgain: number | null
}

export interface RestorePlan {
  readonly partitions: readonly RestoredPartition[]
  /** @internal What is committed, by group. */
  readonly commits: ReadonlyMap<string, readonly CommitEntry[]>
}

/** What becomes of a partition, and what is committed for it. */
export interface Restored {
  readonly partition: RestoredPartition
  readonly entry: CommitEntry | null
}

export function restoredTo(
  at: PartitionProgress,
  next: number,
  because: RestoreReason,
  known: { metadata: string } & Pick<RestoredPartition, 'unended' | 'mayHaveEnded' | 'runAgain'> = UNKNOWN,
): Restored {
  const { metadata, ...counts } = known
  const { topic, partition } = at
  return {
    partition: { ...placeOf(at), to: next, because, ...counts },
    entry: { tp: { topic, partition }, next, metadata },
  }
}

export function leftAlone(at: PartitionProgress): Restored {
  const { metadata, ...counts } = UNKNOWN
  return { partition: { ...placeOf(at), to: null, because: 'has-offset', ...counts }, entry: null }
}

const UNKNOWN = { metadata: '', unended: null, mayHaveEnded: null, runAgain: null } as const

function placeOf({ topic, partition, logStart, logEnd, committed }: PartitionProgress) {
  return { topic, group: groupIdOf(topic), partition, logStart, logEnd, committed }
}

/** @throws TowlineError TOWLINE_OPTION_INVALID for a partition there is not */
export function selected(
  progress: readonly PartitionProgress[],
  { partitions }: RestoreRequest,
): readonly PartitionProgress[] {
  if (partitions === undefined) return progress
  const known = new Set(progress.map(({ partition }) => partition))
  for (const partition of partitions) {
    if (known.has(partition)) continue
    throw invalid(`there is no partition ${partition}`, partition, `0 to ${known.size - 1}`, 'Correct --partition')
  }
  return progress.filter(({ partition }) => partitions.includes(partition))
}

/** @throws TowlineError TOWLINE_OPTION_INVALID where it is not of one partition, or not in its log */
export function checkOffset(wanted: readonly PartitionProgress[], offset: number): void {
  const [only, ...others] = wanted
  if (only === undefined || others.length > 0) {
    throw invalid('an offset is of one partition', wanted.length, '1 partition', 'Name it: --partition 3 --to 1200')
  }
  const { logStart, logEnd } = only
  if (offset >= logStart && offset <= logEnd) return
  throw invalid(`the log does not hold offset ${offset}`, offset, `${logStart} to ${logEnd}`, 'Correct --to')
}

export function invalid(message: string, value: string | number, bound: string, wayOut: string): TowlineError {
  return new TowlineError('TOWLINE_OPTION_INVALID', `${message}; it must be ${bound}`, { value, bound, wayOut })
}
