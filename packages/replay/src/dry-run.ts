import type { KafkaRecord } from '@towline/kafka'
import { MatchSource } from './match-source.ts'
import { explainingLoss } from './range-loss.ts'
import type { PartitionRange, ReplayPlan } from './replay-plan.ts'
import type { PlanningAdmin, ReplayReader } from './replay-ports.ts'

/** What matching records amount to. Bytes are those of keys and values. Times are null where nothing matches. */
export interface RecordCounts {
  readonly records: number
  readonly bytes: number
  readonly firstAtMs: number | null
  readonly lastAtMs: number | null
}

export interface DryRunCounts extends RecordCounts {
  /** Every partition of the plan, those without a match included. */
  readonly partitions: readonly (PartitionRange & RecordCounts)[]
}

export interface DryRunOptions {
  readonly signal?: AbortSignal
  /** Called after every batch that was read, with the offsets passed of those in the plan. */
  readonly onProgress?: (progress: { readonly offsets: number; readonly totalOffsets: number }) => void
}

const NOTHING: RecordCounts = { records: 0, bytes: 0, firstAtMs: null, lastAtMs: null }

/**
 * Counts what a run of the plan would send, by reading it: gaps, compacted records and other keys are not guessed at.
 * The run sends exactly these records, as long as the log holds them.
 *
 * @throws TowlineError TOWLINE_OFFSET_OUT_OF_RANGE when the log no longer holds the range, saying what is gone
 */
export async function dryRunReplay(
  plan: ReplayPlan,
  ports: { readonly admin: Pick<PlanningAdmin, 'offsets'>; readonly reader: ReplayReader },
  options: DryRunOptions = {},
): Promise<DryRunCounts> {
  const counts = new Map<number, RecordCounts>(plan.partitions.map(({ partition }) => [partition, NOTHING]))
  const onRead = (): void => options.onProgress?.(offsetsPassed(plan, source))
  const source = new MatchSource(ports.reader, plan, { signal: options.signal, onRead })
  try {
    while (await explainingLoss(plan, source, ports.admin, () => source.ready())) {
      for (let match = source.take(); match !== undefined; match = source.take()) {
        counts.set(match.partition, plus(counts.get(match.partition) ?? NOTHING, match.record))
      }
    }
  } finally {
    await source.close()
  }
  options.signal?.throwIfAborted()
  onRead()
  const partitions = plan.partitions.map((range) => ({ ...range, ...(counts.get(range.partition) ?? NOTHING) }))
  return { ...partitions.reduce(merge, NOTHING), partitions }
}

function offsetsPassed(plan: ReplayPlan, source: MatchSource): { offsets: number; totalOffsets: number } {
  const positions = new Map(source.positions())
  let offsets = 0
  let totalOffsets = 0
  for (const { partition, from, to } of plan.partitions) {
    offsets += (positions.get(partition) ?? from) - from
    totalOffsets += to - from
  }
  return { offsets, totalOffsets }
}

function plus(counts: RecordCounts, record: KafkaRecord): RecordCounts {
  return merge(counts, {
    records: 1,
    bytes: (record.key?.length ?? 0) + (record.value?.length ?? 0),
    firstAtMs: record.timestampMs,
    lastAtMs: record.timestampMs,
  })
}

function merge(a: RecordCounts, b: RecordCounts): RecordCounts {
  return {
    records: a.records + b.records,
    bytes: a.bytes + b.bytes,
    firstAtMs:
      a.firstAtMs === null || b.firstAtMs === null ? (a.firstAtMs ?? b.firstAtMs) : Math.min(a.firstAtMs, b.firstAtMs),
    lastAtMs:
      a.lastAtMs === null || b.lastAtMs === null ? (a.lastAtMs ?? b.lastAtMs) : Math.max(a.lastAtMs, b.lastAtMs),
  }
}
