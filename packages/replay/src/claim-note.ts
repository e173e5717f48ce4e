import { replayGroupId } from '@towline/contracts'
import type { CommitEntry } from '@towline/kafka'
import type { ReplayPlan, ReplayRef } from './replay-plan.ts'

/** Who has a replay: one of its runs, or nobody any more. */
export type Claim = { readonly run: string } | 'aborted'

/** The group in which a replay is claimed, beside that of its checkpoint. */
export function claimGroupId({ replayId, namespace }: ReplayRef): string {
  return `${replayGroupId(replayId, namespace)}.run`
}

/** What the group of the claim is to hold; what was written last counts. */
export function claimNote({ source, partitions }: ReplayPlan, claim: Claim): CommitEntry {
  const [{ partition, to } = { partition: 0, to: 0 }] = partitions
  const told = claim === 'aborted' ? { aborted: true } : claim
  return { tp: { topic: source, partition }, next: to, metadata: JSON.stringify({ v: 1, ...told }) }
}

/** @param metadata Of what stands in the group. */
export function saysAborted(metadata: string): boolean {
  try {
    return (JSON.parse(metadata) as { readonly aborted?: unknown } | null)?.aborted === true
  } catch {
    return false
  }
}
