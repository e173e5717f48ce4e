import type { LossCause } from '../ports/consumer-port.ts'
import type { TopicPartition } from '../ports/record.ts'
import type { Membership } from './membership.ts'

/** All that is known of one assigned partition; a new object for every assignment. */
export interface AssignedPartition {
  readonly tp: TopicPartition
  /** The offset of the next record to deliver, or null until its owner said where to begin. */
  position: number | null
  pausedByOwner: boolean
  /** The driver needs it quiet: while its position is found out. */
  pausedByDriver: boolean
  /** When it was last paused, monotonic milliseconds. */
  pausedAtMs: number
}

export interface AssignmentChange {
  /** Partitions its owner was told of and must let go. */
  readonly lost: readonly TopicPartition[]
  readonly cause: LossCause
  readonly kept: readonly AssignedPartition[]
  readonly fresh: readonly AssignedPartition[]
}

/**
 * Which partitions this member holds. Pure.
 *   A1. A partition is kept only through consecutive generations of one membership: in a generation we missed, someone
 *       else may have had it.
 *   A2. What was lost comes back, if it does, as a new object without position or pauses.
 *   A3. Only partitions with a position were announced to the owner, and only those are reported lost.
 */
export class Assignment {
  readonly #topic: string
  #membership: Membership | null = null
  #partitions: ReadonlyMap<number, AssignedPartition> = new Map()
  #epoch = 0

  constructor(topic: string) {
    this.#topic = topic
  }

  get membership(): Membership | null {
    return this.#membership
  }

  /** Counts joins and losses: what was begun under another epoch is stale. */
  get epoch(): number {
    return this.#epoch
  }

  get(tp: TopicPartition): AssignedPartition | undefined {
    return tp.topic === this.#topic ? this.#partitions.get(tp.partition) : undefined
  }

  all(): readonly AssignedPartition[] {
    return [...this.#partitions.values()]
  }

  announced(): readonly TopicPartition[] {
    return this.all()
      .filter(isAnnounced)
      .map(({ tp }) => tp)
  }

  join(membership: Membership, partitions: readonly number[], nowMs: number): AssignmentChange {
    const before = this.#partitions
    const isContinuous = continues(this.#membership, membership)
    const next = new Map<number, AssignedPartition>()
    for (const partition of partitions) {
      const held = isContinuous ? before.get(partition) : undefined
      next.set(partition, held ?? this.#fresh(partition, nowMs)) // A1, A2
    }
    this.#membership = membership
    this.#partitions = next
    this.#epoch += 1
    const gone = [...before.values()].filter((held) => next.get(held.tp.partition) !== held)
    return {
      lost: gone.filter(isAnnounced).map(({ tp }) => tp), // A3
      cause: isContinuous ? 'rebalance' : 'membership',
      kept: [...next.values()].filter(isAnnounced),
      fresh: [...next.values()].filter((each) => !isAnnounced(each)),
    }
  }

  /** Makes a held partition fresh: what it was is gone. */
  renew(partition: AssignedPartition, nowMs: number): AssignedPartition {
    const fresh = this.#fresh(partition.tp.partition, nowMs)
    this.#partitions = new Map([...this.#partitions, [partition.tp.partition, fresh]])
    return fresh
  }

  /** Ends the membership. Answers the partitions its owner was told of. */
  leave(): readonly TopicPartition[] {
    const lost = this.announced()
    this.#membership = null
    this.#partitions = new Map()
    this.#epoch += 1
    return lost
  }

  #fresh(partition: number, nowMs: number): AssignedPartition {
    const tp = { topic: this.#topic, partition }
    return { tp, position: null, pausedByOwner: false, pausedByDriver: true, pausedAtMs: nowMs }
  }
}

function continues(before: Membership | null, after: Membership): boolean {
  if (before?.memberId !== after.memberId) return false
  const passed = after.generation - before.generation
  return passed === 0 || passed === 1
}

function isAnnounced({ position }: AssignedPartition): boolean {
  return position !== null
}
