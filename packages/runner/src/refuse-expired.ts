import { groupIdOf, isTowlineError } from '@towline/contracts'
import type { AdminPort, FreshAssignment, TopicPartition } from '@towline/kafka'
import type { PartitionHistory } from './partition-history.ts'

/**
 * Looks, before a group is joined, whether it has lost offsets of a topic: then a start is refused, where an assignment
 * could only be given back.
 *
 * @throws TowlineError TOWLINE_OFFSETS_EXPIRED, TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE
 */
export async function refuseExpired(
  topic: string,
  { admin, history }: { readonly admin: AdminPort; readonly history: Pick<PartitionHistory, 'judge'> },
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
  for (const [at, { tp }] of uncommitted.entries()) {
    const verdict = verdicts[at]
    // Another runner may have begun it since: a marker follows a commit, so that what was committed is asked last.
    if (isTowlineError(verdict) && !(await isCommitted(admin, groupId, tp))) throw verdict
  }
}

async function isCommitted(admin: AdminPort, groupId: string, tp: TopicPartition): Promise<boolean> {
  const [committed] = await admin.committed(groupId, [tp])
  return committed !== undefined && committed.next !== null
}
