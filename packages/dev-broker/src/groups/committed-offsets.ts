export interface CommittedOffset {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

/** What one group has committed, by topic and partition. */
export class CommittedOffsets {
  readonly #topics = new Map<string, Map<number, CommittedOffset>>()

  get topics(): IterableIterator<[topic: string, partitions: ReadonlyMap<number, CommittedOffset>]> {
    return this.#topics.entries()
  }

  get isEmpty(): boolean {
    return this.#topics.size === 0
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#topics.get(topic)?.get(partition)
  }

  set(topic: string, partition: number, committed: CommittedOffset): void {
    let partitions = this.#topics.get(topic)
    if (partitions === undefined) {
      partitions = new Map()
      this.#topics.set(topic, partitions)
    }
    partitions.set(partition, committed)
  }

  forgetTopic(topic: string): void {
    this.#topics.delete(topic)
  }
}
