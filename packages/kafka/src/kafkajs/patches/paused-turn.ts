import type { KafkajsConsumerGroup } from '../kafkajs-internals.ts'

/**
 * With every partition of a node paused, kafkajs sleeps out `maxWaitTimeInMs` and a resume is noticed only then, which
 * caps a consumer that pauses for back-pressure at one queue of records per sleep. Patched, `resume` ends that sleep.
 */
export function patchPausedTurn(group: KafkajsConsumerGroup): void {
  const { fetch, resume } = group
  const sleepers = new WeakMap<KafkajsConsumerGroup, Set<() => void>>()

  group.fetch = async function (this: KafkajsConsumerGroup, nodeId: string): Promise<readonly unknown[]> {
    if (await mayFetch(this, nodeId)) return await fetch.call(this, nodeId)
    await sleep(this)
    return []
  }

  group.resume = function (this: KafkajsConsumerGroup, topics): void {
    resume.call(this, topics)
    for (const wake of sleepers.get(this) ?? []) wake()
  }

  async function sleep(sleeper: KafkajsConsumerGroup): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wakers = sleepers.get(sleeper) ?? new Set()
    sleepers.set(sleeper, wakers.add(resolve))
    const timer = setTimeout(resolve, sleeper.maxWaitTime)
    await promise
    clearTimeout(timer)
    wakers.delete(resolve)
  }
}

/** False when this turn has nothing to fetch; what kafkajs checks in every turn is checked then too. */
async function mayFetch(group: KafkajsConsumerGroup, nodeId: string): Promise<boolean> {
  try {
    if (hasActivePartition(group, nodeId)) return true
    await group.cluster.refreshMetadataIfNecessary()
    group.checkForStaleAssignment()
    return hasActivePartition(group, nodeId)
  } catch (error) {
    await group.recoverFromFetch(error)
    return true
  }
}

function hasActivePartition(group: KafkajsConsumerGroup, nodeId: string): boolean {
  const active = group.filterPartitionsByNode(nodeId, group.subscriptionState.active())
  return active.some(({ partitions }) => partitions.length > 0)
}
