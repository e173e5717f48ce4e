import type { ResolvedBrokerOptions } from './broker-options.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { GroupCoordinator } from './groups/group-coordinator.ts'
import type { TopicCatalog } from './topics/topic-catalog.ts'

type Settings = 'defaultPartitions' | 'maxLogBytes' | 'now'

/** What the broker knows. API handlers read and change it; nothing else does, but the maintenance timers. */
export interface BrokerState extends Pick<ResolvedBrokerOptions, Settings> {
  readonly cluster: Cluster
  readonly topics: TopicCatalog
  readonly groups: GroupCoordinator
}
