import { MatchSource } from './match-source.ts'
import type { PartitionRange, ReplayPlan } from './replay-plan.ts'
import type { ReplayReader } from './replay-ports.ts'

/**
 * Ends the ranges of a plan behind its first `max` matching records, earliest first across partitions. The cap then is
 * part of the range: dry run, run and resume agree on it without counting, in whatever order they read. A plan with
 * fewer matches stays as it is.
 */
export async function cutToMax(
  plan: ReplayPlan,
  max: number,
  reader: ReplayReader,
  signal?: AbortSignal,
): Promise<ReplayPlan> {
  const ends = new Map<number, number>()
  let left = max
  const source = new MatchSource(reader, plan, { signal })
  try {
    while (left > 0 && (await source.ready())) {
      for (let match = left > 0 ? source.take() : undefined; match !== undefined; ) {
        ends.set(match.partition, match.record.offset + 1)
        left -= 1
        match = left > 0 ? source.take() : undefined
      }
    }
  } finally {
    await source.close()
  }
  signal?.throwIfAborted()
  if (left > 0) return plan
  return { ...plan, partitions: plan.partitions.flatMap((range) => cut(range, ends.get(range.partition))) }
}

function cut(range: PartitionRange, to: number | undefined): readonly PartitionRange[] {
  return to === undefined ? [] : [{ ...range, to }]
}
