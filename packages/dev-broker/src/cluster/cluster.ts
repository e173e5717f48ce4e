// Which nodes there are and who leads what. They share one state, so a leader has nothing to hand over; the rules of who
// may answer are Kafka's, for clients to be tested against.
//   N1. A partition is led by the first of its replicas that is up, a group coordinated by the first node that is up.
//   N2. Where things are placed follows from their names alone: a restarted broker places them alike, unless they were moved.

import { crc32c } from '../log/crc32c.ts'
import type { Topic } from '../topics/topic-catalog.ts'

export interface ClusterNode {
  readonly id: number
  readonly host: string
  readonly port: number
  /** Whether it listens. */
  readonly isUp: boolean
}

export class Cluster {
  readonly id: string
  readonly #nodes: readonly ClusterNode[]
  readonly #movedGroups = new Map<string, number>()

  /** `nodes` in the order of their ids; at least one. */
  constructor(id: string, nodes: readonly ClusterNode[]) {
    this.id = id
    this.#nodes = nodes
  }

  /** The nodes that are up. */
  get live(): readonly ClusterNode[] {
    return this.#nodes.filter(({ isUp }) => isUp)
  }

  isUp(nodeId: number): boolean {
    return this.live.some(({ id }) => id === nodeId)
  }

  /** Node ids, the preferred leader first, whether they are up or not. */
  replicasOf({ name, replicationFactor, movedLeaders }: Topic, index: number): readonly number[] {
    const placed = this.#startingAt(crc32c(Buffer.from(name)) + index).slice(0, replicationFactor)
    const moved = movedLeaders.get(index)
    if (moved === undefined) return placed
    return [moved, ...(placed.includes(moved) ? placed.filter((id) => id !== moved) : placed.slice(1))]
  }

  /** Undefined while no replica is up. */
  leaderOf(topic: Topic, index: number): number | undefined {
    return this.replicasOf(topic, index).find((id) => this.isUp(id)) // N1
  }

  /** Undefined while every node is down. */
  coordinatorOf(groupId: string): ClusterNode | undefined {
    const placed = this.#startingAt(crc32c(Buffer.from(groupId)))
    const moved = this.#movedGroups.get(groupId)
    const order = moved === undefined ? placed : [moved, ...placed]
    const coordinator = order.find((id) => this.isUp(id)) // N1
    return this.#nodes.find(({ id }) => id === coordinator)
  }

  moveGroup(groupId: string, nodeId: number): void {
    this.#movedGroups.set(groupId, nodeId)
  }

  /** N2 */
  #startingAt(seed: number): number[] {
    const { length } = this.#nodes
    return this.#nodes.map((_, i) => (this.#nodes[(seed + i) % length] as ClusterNode).id)
  }
}
