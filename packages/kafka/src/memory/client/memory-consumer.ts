import { resolveConsumerOptions } from '../../consuming/consumer-defaults.ts'
import { GroupConsumer } from '../../consuming/group-consumer.ts'
import type { ConsumerOptions, ConsumerPort } from '../../ports/consumer-port.ts'
import { portErrorOf } from '../broker/broker-error.ts'
import { GroupRun } from './group-run.ts'
import type { ClusterState, Link } from './link.ts'

/** How long the topic's metadata is asked for before a start is given up. */
const START_BUDGET_MS = 5_000

export function memoryConsumer(link: Link, cluster: ClusterState, options: ConsumerOptions): ConsumerPort {
  const resolved = resolveConsumerOptions(options)
  return new GroupConsumer(async () => {
    await reachTopic(link, cluster, options.topic)
    return { run: (handlers) => new GroupRun(link, cluster, resolved, handlers), close: () => Promise.resolve() }
  })
}

async function reachTopic(link: Link, cluster: ClusterState, topic: string): Promise<void> {
  try {
    const budgetMs = START_BUDGET_MS
    await link.retrying(() => link.call('Metadata', () => cluster.topics.require(topic)), { budgetMs })
  } catch (error) {
    throw portErrorOf(error, 'consume', topic)
  }
}
