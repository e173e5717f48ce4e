import type { FreshAssignment } from '../../ports/consumer-port.ts'
import type { TopicPartition } from '../../ports/record.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { fetchCommitted } from '../cluster/group-offsets.ts'
import { logBounds } from '../cluster/list-offsets.ts'

/** Where partitions of one topic stand: what the group committed, and the bounds of their logs. */
export async function loadFresh(
  client: ClusterClient,
  { topic, groupId }: { readonly topic: string; readonly groupId: string },
  partitions: readonly TopicPartition[],
): Promise<readonly FreshAssignment[]> {
  try {
    const numbers = partitions.map(({ partition }) => partition)
    const [committed, bounds] = await Promise.all([
      fetchCommitted(client, groupId, partitions),
      logBounds(client, topic, numbers),
    ])
    return committed.map(({ tp, next, metadata }) => {
      const at = bounds.find(({ partition }) => partition === tp.partition)
      return { tp, committed: next, metadata, logStart: at?.low ?? 0, logEnd: at?.high ?? 0 }
    })
  } catch (error) {
    client.forgetAfter(error, groupId)
    throw error
  }
}
