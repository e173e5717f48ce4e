import { TowlineError } from '@towline/contracts'
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from './checkpoint-store.ts'
import type { ReplayPlan, ReplayRef } from './replay-plan.ts'
import type { CheckpointAdmin, ReplayPorts } from './replay-ports.ts'
import type { ReplayResult } from './replay-result.ts'
import { ReplayRun } from './replay-run.ts'
import { RunClaim } from './run-claim.ts'
import { type ResolvedRunOptions, type RunReplayOptions, resolveRunOptions } from './run-options.ts'
import { type PartitionProgress, totals } from './sent-ledger.ts'

/** Stores a plan without running it; {@link resumeReplay} starts it later, on any machine. */
export async function savePlan(
  plan: ReplayPlan,
  ports: { readonly admin: Pick<CheckpointAdmin, 'commitNote'>; readonly clock: ReplayPorts['clock'] },
): Promise<void> {
  await saveCheckpoint(ports.admin, plan, untouched(plan, ports.clock.nowMs()))
}

/**
 * Runs a plan to its end: every matching record becomes a new task in the target. Where the replay has a checkpoint
 * already, goes on from there; a finished one sends nothing.
 *
 * @throws TowlineError TOWLINE_OFFSET_OUT_OF_RANGE when the log no longer holds the range, saying what is gone
 *   ({@link ReplayRangeLost}), TOWLINE_PAYLOAD_TOO_LARGE, TOWLINE_TOPIC_MISSING, TOWLINE_PUBLISH_FAILED,
 *   TOWLINE_BROKER_UNAVAILABLE. After any of them the replay can be resumed. TOWLINE_REPLAY_TAKEN_OVER when another run
 *   of it began meanwhile: that one goes on, this one has ended at its next checkpoint.
 */
export async function runReplay(
  plan: ReplayPlan,
  ports: ReplayPorts,
  options: RunReplayOptions = {},
): Promise<ReplayResult> {
  const resolved = resolveRunOptions(options, plan.ratePerSecond)
  const checkpoint = await loadCheckpoint(ports.admin, plan)
  if (checkpoint !== null) return await continueFrom(checkpoint, ports, resolved)
  const claim = await RunClaim.take(plan, ports)
  const found = (await loadCheckpoint(ports.admin, plan)) ?? untouched(plan, ports.clock.nowMs())
  return await runClaimed(found, claim, ports, resolved)
}

/**
 * Goes on with a replay from its checkpoint: after a kill, a stop, a failure, or after {@link savePlan}. Records sent
 * after the last checkpoint are sent again with the same ids, and dropped by the runners as duplicates. A run that is
 * still at it is taken over from: it ends with TOWLINE_REPLAY_TAKEN_OVER.
 *
 * @throws TowlineError TOWLINE_REPLAY_NOT_FOUND when there is no checkpoint; and as {@link runReplay}
 */
export async function resumeReplay(
  ref: ReplayRef,
  ports: ReplayPorts,
  options: RunReplayOptions = {},
): Promise<ReplayResult> {
  const checkpoint = await loadCheckpoint(ports.admin, ref)
  if (checkpoint === null) throw notFound(ref)
  return await continueFrom(checkpoint, ports, resolveRunOptions(options, checkpoint.plan.ratePerSecond))
}

async function continueFrom(
  { plan, partitions, state }: Checkpoint,
  ports: ReplayPorts,
  options: ResolvedRunOptions,
): Promise<ReplayResult> {
  if (state === 'finished') return nothingLeft(plan, partitions)
  const claim = await RunClaim.take(plan, ports)
  const found = await loadCheckpoint(ports.admin, plan) // Only now: a run that is at it has saved meanwhile (C3).
  if (found === null) throw notFound(plan)
  return await runClaimed(found, claim, ports, options)
}

async function runClaimed(
  checkpoint: Checkpoint,
  claim: RunClaim,
  ports: ReplayPorts,
  options: ResolvedRunOptions,
): Promise<ReplayResult> {
  const { plan, partitions, state } = checkpoint
  if (state === 'finished') return nothingLeft(plan, partitions)
  await claim.save(partitions, 'started') // R1
  return await new ReplayRun(checkpoint, claim, ports, options).run()
}

function nothingLeft({ replayId }: ReplayPlan, partitions: readonly PartitionProgress[]): ReplayResult {
  return { end: 'finished', replayId, ...totals(partitions), sent: 0, elapsedMs: 0 }
}

function untouched(plan: ReplayPlan, nowMs: number): Checkpoint {
  const partitions = plan.partitions.map((range) => ({ ...range, next: range.from, records: 0, lost: 0 }))
  return { plan, partitions, state: 'planned', updatedAtMs: nowMs }
}

function notFound({ agentType, replayId }: ReplayRef): TowlineError {
  return new TowlineError('TOWLINE_REPLAY_NOT_FOUND', `${agentType} has no replay ${replayId}`, {
    value: replayId,
    wayOut: 'It never began, was aborted, or its group expired; `towline replay status` lists those there are',
  })
}
