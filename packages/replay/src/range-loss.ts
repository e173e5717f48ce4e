import { isTowlineError, TowlineError } from '@towline/contracts'
import type { PartitionOffsets } from '@towline/kafka'
import type { MatchSource } from './match-source.ts'
import type { ReplayLoss, ReplayPlan } from './replay-plan.ts'
import type { PlanningAdmin } from './replay-ports.ts'

type OffsetsAdmin = Pick<PlanningAdmin, 'offsets'>
/** Per partition, the offset from which the range is still wanted. */
type Positions = Iterable<readonly [partition: number, position: number]>

/** The log deleted part of a pinned range before it was read. */
export class ReplayRangeLost extends TowlineError {
  readonly losses: readonly ReplayLoss[]

  constructor(plan: ReplayPlan, losses: readonly ReplayLoss[], cause?: unknown) {
    const count = losses.reduce((sum, { from, to }) => sum + to - from, 0)
    const where = losses.map(({ partition, from, to }) => `${plan.source}/${partition} ${from} to ${to - 1}`).join(', ')
    super(
      'TOWLINE_OFFSET_OUT_OF_RANGE',
      `retention deleted ${count} offsets of replay ${plan.replayId} before they were read: ${where}`,
      { value: where, wayOut: 'Go on without them with skipLost (--skip-lost), or plan the replay anew', cause },
    )
    this.losses = losses
  }
}

/**
 * What is no longer there of the ranges from `positions` on.
 *
 * @throws TowlineError TOWLINE_OFFSET_OUT_OF_RANGE when a log ends before its planned range: it is another log now
 */
export async function findLosses(
  plan: ReplayPlan,
  positions: Positions,
  admin: OffsetsAdmin,
): Promise<readonly ReplayLoss[]> {
  const held = new Map((await admin.offsets(plan.source)).map((offsets) => [offsets.partition, offsets]))
  const ends = new Map(plan.partitions.map(({ partition, to }) => [partition, to]))
  const losses: ReplayLoss[] = []
  for (const [partition, from] of positions) {
    const end = ends.get(partition) ?? from
    if (from >= end) continue
    const log = held.get(partition)
    if (log === undefined || log.high < end) throw shorterThanPlanned(plan, partition, end, log)
    if (log.low > from) losses.push({ partition, from, to: Math.min(log.low, end) })
  }
  return losses
}

/** Does `work`, and turns an out-of-range failure of the reader into one that says what is gone. */
export async function explainingLoss<T>(
  plan: ReplayPlan,
  source: MatchSource,
  admin: OffsetsAdmin,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!isTowlineError(thrown, 'TOWLINE_OFFSET_OUT_OF_RANGE')) throw thrown
    const losses = await findLosses(plan, source.positions(), admin)
    throw losses.length === 0 ? thrown : new ReplayRangeLost(plan, losses, thrown)
  }
}

function shorterThanPlanned(
  plan: ReplayPlan,
  partition: number,
  end: number,
  log: PartitionOffsets | undefined,
): TowlineError {
  const where = `${plan.source}/${partition}`
  const isHeld = log === undefined ? 'is gone' : `ends at ${log.high}`
  return new TowlineError(
    'TOWLINE_OFFSET_OUT_OF_RANGE',
    `${where} ${isHeld}, replay ${plan.replayId} was planned up to ${end}: it is not the log that was planned`,
    { value: log?.high ?? where, bound: end, wayOut: 'Plan the replay anew' },
  )
}
