import type { ResolvedBrokerOptions } from './broker-options.ts'
import type { GroupCoordinator } from './groups/group-coordinator.ts'
import type { TopicCatalog } from './topics/topic-catalog.ts'

type Settings = 'host' | 'port' | 'nodeId' | 'defaultPartitions' | 'maxLogBytes' | 'now'

/** What the broker knows. API handlers read and change it; nothing else does, but the maintenance timers. */
export interface BrokerState extends Pick<ResolvedBrokerOptions, Settings> {
  readonly clusterId: string
  readonly topics: TopicCatalog
  readonly groups: GroupCoordinator
}
