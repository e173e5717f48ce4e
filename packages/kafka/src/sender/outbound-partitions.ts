import type { TopicPartition } from '../ports/record.ts'
import { type Backoff, OutboundPartition } from './outbound-partition.ts'
import type { PendingRecord } from './partition-queue.ts'

/**
 * The partitions with records on their way, in the order of their turns. Found by topic and number: a key made of both
 * would be made, and hashed, for every record.
 */
export class OutboundPartitions<P extends PendingRecord> implements Iterable<OutboundPartition<P>> {
  readonly #backoff: Backoff
  readonly #turns = new Set<OutboundPartition<P>>()
  readonly #byTopic = new Map<string, Map<number, OutboundPartition<P>>>()

  constructor(backoff: Backoff) {
    this.#backoff = backoff
  }

  /** The partition as it stands here; made when it has nothing on its way. */
  of(tp: TopicPartition): OutboundPartition<P> {
    let ofTopic = this.#byTopic.get(tp.topic)
    if (ofTopic === undefined) {
      ofTopic = new Map()
      this.#byTopic.set(tp.topic, ofTopic)
    }
    let partition = ofTopic.get(tp.partition)
    if (partition === undefined) {
      partition = new OutboundPartition(tp, this.#backoff)
      ofTopic.set(tp.partition, partition)
      this.#turns.add(partition)
    }
    return partition
  }

  /** A partition that never runs dry must not keep its turn before the others. */
  moveToEnd(partition: OutboundPartition<P>): void {
    this.#turns.delete(partition)
    this.#turns.add(partition)
  }

  /** Forgets those with nothing on their way. */
  dropIdle(): void {
    for (const partition of this.#turns) {
      if (partition.queue.size > 0) continue
      this.#turns.delete(partition)
      const ofTopic = this.#byTopic.get(partition.tp.topic)
      ofTopic?.delete(partition.tp.partition)
      if (ofTopic?.size === 0) this.#byTopic.delete(partition.tp.topic)
    }
  }

  [Symbol.iterator](): Iterator<OutboundPartition<P>> {
    return this.#turns.values()
  }
}
