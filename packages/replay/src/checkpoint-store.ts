import { replayGroupId, topicNames } from '@towline/contracts'
import { type CheckpointEntry, decodeCheckpoint, encodeCheckpoint, type ReplayState } from './checkpoint.ts'
import { claimGroupId, saysAborted } from './claim-note.ts'
import { replayInvalid } from './replay-invalid.ts'
import type { ReplayPlan, ReplayRef } from './replay-plan.ts'
import type { CheckpointAdmin } from './replay-ports.ts'
import type { PartitionProgress } from './sent-ledger.ts'

/** A replay as its group tells it. */
export interface Checkpoint {
  readonly plan: ReplayPlan
  readonly state: ReplayState
  readonly partitions: readonly PartitionProgress[]
  readonly updatedAtMs: number
}

/** Stores how far partitions of a plan are. One request: Kafka keeps all of it or nothing. */
export async function saveCheckpoint(
  admin: Pick<CheckpointAdmin, 'commitNote'>,
  plan: ReplayPlan,
  checkpoint: {
    readonly state: ReplayState
    readonly partitions: readonly PartitionProgress[]
    readonly updatedAtMs: number
  },
): Promise<void> {
  await admin.commitNote(
    replayGroupId(plan.replayId, plan.namespace),
    checkpoint.partitions.map((progress) => ({
      tp: { topic: plan.source, partition: progress.partition },
      next: progress.next,
      metadata: encodeCheckpoint(plan, progress, checkpoint.state, checkpoint.updatedAtMs),
    })),
  )
}

/**
 * The checkpoint of a replay, or null when there is none: never stored, aborted, or expired with its group after
 * Kafka's `offsets.retention.minutes` (7 days) without a run.
 *
 * @throws TowlineError TOWLINE_REPLAY_INVALID when it is there and cannot be read whole
 */
export async function loadCheckpoint(admin: CheckpointAdmin, ref: ReplayRef): Promise<Checkpoint | null> {
  const names = topicNames(ref.agentType, ref.namespace)
  for (const { topic, partitions } of await admin.describeTopics([names.tasks, names.replay])) {
    const tps = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
    const committed = await admin.committed(replayGroupId(ref.replayId, ref.namespace), tps)
    const entries: CheckpointEntry[] = []
    for (const { tp, next, metadata } of committed) {
      if (next === null) continue
      const entry = decodeCheckpoint(metadata, { replayId: ref.replayId, partition: tp.partition, next })
      if (entry === null || entry.plan.source !== topic) throw unreadable(ref, `${topic}/${tp.partition}`)
      entries.push(entry)
    }
    if (entries.length === 0) continue
    const claims = await admin.committed(claimGroupId(ref), tps)
    return claims.some(({ next, metadata }) => next !== null && saysAborted(metadata)) ? null : joined(ref, entries)
  }
  return null
}

/** The stored position of each partition of a plan: of all of them, unless the replay was aborted. */
export async function heldOffsets(
  admin: Pick<CheckpointAdmin, 'committed'>,
  plan: ReplayPlan,
): Promise<ReadonlyMap<number, number>> {
  const tps = plan.partitions.map(({ partition }) => ({ topic: plan.source, partition }))
  const committed = await admin.committed(replayGroupId(plan.replayId, plan.namespace), tps)
  return new Map(committed.flatMap(({ tp, next }) => (next === null ? [] : [[tp.partition, next] as const])))
}

function joined(ref: ReplayRef, entries: readonly CheckpointEntry[]): Checkpoint {
  const ordered = entries.toSorted((a, b) => a.progress.partition - b.progress.partition)
  const [first] = ordered
  if (first === undefined || first.partitionCount !== ordered.length) {
    throw unreadable(ref, `${ordered.length} of ${first?.partitionCount ?? 0} partitions`)
  }
  const partitions = ordered.map(({ progress }) => progress)
  const isFinished = partitions.every(({ next, to }) => next >= to)
  const isPlanned = ordered.every(({ state }) => state === 'planned')
  return {
    plan: { ...first.plan, partitions: partitions.map(({ partition, from, to }) => ({ partition, from, to })) },
    state: isFinished ? 'finished' : isPlanned ? 'planned' : 'started',
    partitions,
    updatedAtMs: Math.max(...ordered.map(({ updatedAtMs }) => updatedAtMs)),
  }
}

function unreadable(ref: ReplayRef, where: string): Error {
  return replayInvalid(`the checkpoint of replay ${ref.replayId} cannot be read (${where})`, {
    value: where,
    wayOut: 'It was written by another version or by hand: abort the replay and plan it anew',
  })
}
