import { groupIdOf, isTowlineError } from '@towline/contracts'
import type { AdminPort, FreshAssignment } from '@towline/kafka'
import type { PartitionHistory } from './partition-history.ts'

/**
 * Looks, before a group is joined, whether it has lost offsets of a topic: then a start is refused, where an assignment
 * could only be given back.
 *
 * @throws TowlineError TOWLINE_OFFSETS_EXPIRED, TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE
 */
export async function refuseExpired(
  topic: string,
  { admin, history }: { readonly admin: AdminPort; readonly history: PartitionHistory },
): Promise<void> {
  const groupId = groupIdOf(topic)
  const bounds = await admin.offsets(topic)
  const tps = bounds.map(({ partition }) => ({ topic, partition }))
  const committed = await admin.committed(groupId, tps)
  const uncommitted = bounds.flatMap(({ partition, low, high }, at): FreshAssignment[] => {
    const isCommitted = committed[at]?.next !== null
    if (isCommitted || low === high) return []
    return [{ tp: { topic, partition }, committed: null, metadata: '', logStart: low, logEnd: high }]
  })
  if (uncommitted.length === 0) return
  const verdicts = await history.judge(groupId, uncommitted)
  const expired = verdicts.find((verdict) => isTowlineError(verdict))
  if (expired !== undefined) throw expired
}
