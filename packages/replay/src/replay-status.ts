import { type Clock, isTaskId, replayGroupId, topicNames } from '@towline/contracts'
import type { AdminPort } from '@towline/kafka'
import type { ReplayState } from './checkpoint.ts'
import { heldOffsets, loadCheckpoint } from './checkpoint-store.ts'
import { claimGroupId, claimNote } from './claim-note.ts'
import { Pulse } from './pulse.ts'
import type { ReplayPlan, ReplayRef } from './replay-plan.ts'
import type { CheckpointAdmin } from './replay-ports.ts'
import { offsetsDone } from './replay-progress.ts'
import { type PartitionProgress, totals } from './sent-ledger.ts'

/** Where a replay stands, whoever runs it. */
export interface ReplayStatus {
  readonly plan: ReplayPlan
  /** `started` says that it is not finished, not that a process is at it: `updatedAtMs` tells when one last was. */
  readonly state: ReplayState
  /** Records in the target that the checkpoint covers. */
  readonly records: number
  /** Offsets done with, of those in the plan. */
  readonly offsets: number
  readonly totalOffsets: number
  /** Offsets deleted before they were replayed and passed over. */
  readonly lost: number
  readonly partitions: readonly PartitionProgress[]
  readonly updatedAtMs: number
}

/** More than most checkpoints take. */
const REAPPEARS_WITHIN_MS = 500

/**
 * The status of a replay from its group, or null when there is none: it never began, was aborted, or its group expired.
 *
 * @throws TowlineError TOWLINE_REPLAY_INVALID when its checkpoint cannot be read
 */
export async function replayStatus(
  ref: ReplayRef,
  ports: { readonly admin: CheckpointAdmin },
): Promise<ReplayStatus | null> {
  const checkpoint = await loadCheckpoint(ports.admin, ref)
  if (checkpoint === null) return null
  return { ...checkpoint, ...offsetsDone(checkpoint.partitions), ...totals(checkpoint.partitions) }
}

/** The replays of an agent that have a checkpoint, newest first. */
export async function listReplays(
  agent: Omit<ReplayRef, 'replayId'>,
  ports: { readonly admin: CheckpointAdmin & Pick<AdminPort, 'groupIds'> },
): Promise<readonly ReplayStatus[]> {
  topicNames(agent.agentType, agent.namespace) // A wrong name is told before anything is asked.
  const prefix = replayGroupId('', agent.namespace)
  const groupIds = await ports.admin.groupIds()
  const replayIds = groupIds.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length))
  const found: ReplayStatus[] = []
  for (const replayId of replayIds.filter(isTaskId)) {
    const status = await replayStatus({ ...agent, replayId }, ports)
    if (status !== null) found.push(status)
  }
  return found.sort((a, b) => b.plan.createdAtMs - a.plan.createdAtMs)
}

/**
 * Forgets a replay: its group is deleted, and a run that is under way stops at its next checkpoint. What it sent stays
 * sent. That it was aborted is kept as long as Kafka keeps offsets, so that nothing brings it back. Answers with the last
 * status, or null when there was nothing to abort.
 */
export async function abortReplay(
  ref: ReplayRef,
  ports: { readonly admin: CheckpointAdmin & Pick<AdminPort, 'deleteGroups'>; readonly clock: Clock },
): Promise<ReplayStatus | null> {
  const status = await replayStatus(ref, ports)
  if (status === null) return null
  const groupId = replayGroupId(ref.replayId, ref.namespace)
  await ports.admin.commitNote(claimGroupId(ref), [claimNote(status.plan, 'aborted')])
  await ports.admin.deleteGroups([groupId])
  // A checkpoint that was on its way meanwhile makes the group anew. Nothing goes by it, but it is not left lying about.
  while (status.state !== 'finished') {
    await new Pulse().waitAtMost(REAPPEARS_WITHIN_MS, ports.clock)
    if ((await heldOffsets(ports.admin, status.plan)).size === 0) break
    await ports.admin.deleteGroups([groupId])
  }
  return status
}
