import { TowlineError } from '@towline/contracts'
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from './checkpoint-store.ts'
import type { ReplayPlan, ReplayRef } from './replay-plan.ts'
import type { CheckpointAdmin, ReplayPorts } from './replay-ports.ts'
import type { ReplayResult } from './replay-result.ts'
import { ReplayRun } from './replay-run.ts'
import { type ResolvedRunOptions, type RunReplayOptions, resolveRunOptions } from './run-options.ts'
import { type PartitionProgress, totals } from './sent-ledger.ts'

/** Stores a plan without running it; {@link resumeReplay} starts it later, on any machine. */
export async function savePlan(
  plan: ReplayPlan,
  ports: { readonly admin: Pick<CheckpointAdmin, 'commitNote'>; readonly clock: ReplayPorts['clock'] },
): Promise<void> {
  await saveCheckpoint(ports.admin, plan, {
    state: 'planned',
    partitions: untouched(plan),
    updatedAtMs: ports.clock.nowMs(),
  })
}

/**
 * Runs a plan to its end: every matching record becomes a new task in the target. Where the replay has a checkpoint
 * already, goes on from there; a finished one sends nothing.
 *
 * @throws TowlineError TOWLINE_OFFSET_OUT_OF_RANGE when the log no longer holds the range, saying what is gone
 *   ({@link ReplayRangeLost}), TOWLINE_PAYLOAD_TOO_LARGE, TOWLINE_TOPIC_MISSING, TOWLINE_PUBLISH_FAILED,
 *   TOWLINE_BROKER_UNAVAILABLE. After any of them the replay can be resumed.
 */
export async function runReplay(
  plan: ReplayPlan,
  ports: ReplayPorts,
  options: RunReplayOptions = {},
): Promise<ReplayResult> {
  const resolved = resolveRunOptions(options, plan.ratePerSecond)
  const checkpoint = await loadCheckpoint(ports.admin, plan)
  if (checkpoint !== null) return await continueFrom(checkpoint, ports, resolved)
  return await new ReplayRun(plan, untouched(plan), ports, resolved).run()
}

/**
 * Goes on with a replay from its checkpoint: after a kill, a stop, a failure, or after {@link savePlan}. Records sent
 * after the last checkpoint are sent again with the same ids, and dropped by the runners as duplicates.
 *
 * @throws TowlineError TOWLINE_REPLAY_NOT_FOUND when there is no checkpoint; and as {@link runReplay}
 */
export async function resumeReplay(
  ref: ReplayRef,
  ports: ReplayPorts,
  options: RunReplayOptions = {},
): Promise<ReplayResult> {
  const checkpoint = await loadCheckpoint(ports.admin, ref)
  if (checkpoint === null) {
    throw new TowlineError('TOWLINE_REPLAY_NOT_FOUND', `${ref.agentType} has no replay ${ref.replayId}`, {
      value: ref.replayId,
      wayOut: 'It never began, was aborted, or its group expired; `towline replay status` lists those there are',
    })
  }
  return await continueFrom(checkpoint, ports, resolveRunOptions(options, checkpoint.plan.ratePerSecond))
}

async function continueFrom(
  { plan, partitions, state }: Checkpoint,
  ports: ReplayPorts,
  options: ResolvedRunOptions,
): Promise<ReplayResult> {
  if (state !== 'finished') return await new ReplayRun(plan, partitions, ports, options).run()
  const { records, lost } = totals(partitions)
  return { end: 'finished', replayId: plan.replayId, records, sent: 0, lost, elapsedMs: 0 }
}

function untouched(plan: ReplayPlan): readonly PartitionProgress[] {
  return plan.partitions.map((range) => ({ ...range, next: range.from, records: 0, lost: 0 }))
}
