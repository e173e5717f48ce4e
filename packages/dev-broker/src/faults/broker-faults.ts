import type { BrokerState } from '../broker-state.ts'
import type { BrokerNode } from '../cluster/broker-node.ts'
import { DevBrokerError } from '../dev-broker-error.ts'
import type { Group } from '../groups/group.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { type ClientIdPattern, type Fault, type FaultHandle, type FaultScript, matchesClient } from './faults.ts'

/** What a test can do to a running broker. Whatever cannot be done is refused with TOWLINE_DEV_BROKER_FAULT_REFUSED. */
export interface Faults {
  /** Misbehaves towards requests to come. Where several faults match, the one added first strikes. */
  add(fault: Fault): FaultHandle
  /** Removes every fault that `add` added. */
  clear(): void
  /** Resets every open connection at once (RST), or those whose latest request bore this client id. Returns how many. */
  resetConnections(clientId?: ClientIdPattern): number
  /** Makes the members of a group join again, as when an operator adds a partition. Refused for a group without members. */
  rebalance(groupId: string): void
  /**
   * Ages a group past Kafka's `offsets.retention.minutes`: what it has committed is gone, and so is the group.
   * Refused while it has members, whose offsets Kafka keeps, too. Returns how many offsets were dropped.
   */
  expireOffsets(groupId: string): number
  /** Frees the node's port and closes its connections; replicas on other nodes take over. What the broker holds stays. */
  stopNode(nodeId: number): Promise<void>
  /** Starts a stopped node again, on its port. It leads what it led before. */
  startNode(nodeId: number): Promise<void>
  /** Lets another node lead a partition: it becomes a replica where it was none. */
  moveLeader(topic: string, partition: number, nodeId: number): void
  /** Lets another node coordinate a group; its members find it anew. */
  moveCoordinator(groupId: string, nodeId: number): void
}

/** What faults reach into. */
export interface FaultTarget {
  readonly script: FaultScript
  readonly broker: BrokerState
  readonly nodes: readonly BrokerNode[]
  readonly startNode: (node: BrokerNode) => Promise<void>
}

export function brokerFaults({ script, broker, nodes, startNode }: FaultTarget): Faults {
  const { topics, groups, cluster, now } = broker
  const node = (nodeId: number): BrokerNode => {
    const known = nodes.map(({ id }) => id).join(', ')
    return nodes.find(({ id }) => id === nodeId) ?? refuse('node', nodeId, 'is not known', `The broker has ${known}`)
  }
  const group = (groupId: string): Group => {
    const known = [...groups.all].map(({ id }) => id).join(', ') || 'none'
    return groups.find(groupId) ?? refuse('group', groupId, 'is not known', `The broker has ${known}`)
  }
  return {
    add: (fault) => script.add(fault),
    clear: () => script.clear(),
    resetConnections(clientId) {
      const open = nodes.flatMap(({ connections }) => [...connections])
      const hit = open.filter((connection) => matchesClient(clientId, connection.clientId))
      for (const connection of hit) connection.reset()
      return hit.length
    },
    rebalance(groupId) {
      if (group(groupId).roster.isEmpty) refuse('group', groupId, 'has no members', 'Let one join first')
      group(groupId).rebalance(now())
    },
    expireOffsets(groupId) {
      const { roster, offsets } = group(groupId)
      if (!roster.isEmpty) refuse('group', groupId, 'has members', 'Offsets age in an empty group only: stop them')
      groups.delete(groupId)
      return offsets.count
    },
    async stopNode(nodeId) {
      await node(nodeId).stop()
      topics.wakeReaders()
    },
    async startNode(nodeId) {
      if (node(nodeId).isUp) refuse('node', nodeId, 'is running', 'Stop it first')
      await startNode(node(nodeId))
      topics.wakeReaders()
    },
    moveLeader(topicName, partition, nodeId) {
      const topic = topics.find(topicName)
      const name = `${topicName}/${partition}`
      if (topic?.partitions[partition] === undefined)
        return refuse('partition', name, 'is not known', 'Create its topic first')
      topic.movedLeaders.set(partition, node(nodeId).id)
      topics.wakeReaders()
    },
    moveCoordinator(groupId, nodeId) {
      cluster.moveGroup(groupId, node(nodeId).id)
      groups.find(groupId)?.refuseWaiting(KAFKA_ERRORS.NOT_COORDINATOR)
    },
  }
}

function refuse(kind: string, name: string | number, what: string, wayOut: string): never {
  const value = String(name)
  throw new DevBrokerError('TOWLINE_DEV_BROKER_FAULT_REFUSED', `${kind} ${value} ${what}`, { value, wayOut })
}
