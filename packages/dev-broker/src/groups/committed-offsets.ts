export interface CommittedOffset {
  readonly offset: number
  readonly leaderEpoch: number
  readonly metadata: string
}

/** One partition's part of a commit. */
export interface OffsetToCommit extends CommittedOffset {
  readonly topic: string
  readonly partition: number
}

/** What one group has committed, by topic and partition. */
export class CommittedOffsets {
  readonly #topics = new Map<string, Map<number, CommittedOffset>>()

  get topics(): IterableIterator<[topic: string, partitions: ReadonlyMap<number, CommittedOffset>]> {
    return this.#topics.entries()
  }

  get count(): number {
    return this.#topics.values().reduce((total, partitions) => total + partitions.size, 0)
  }

  get all(): readonly OffsetToCommit[] {
    return [...this.#topics].flatMap(([topic, partitions]) =>
      [...partitions].map(([partition, committed]) => ({ topic, partition, ...committed })),
    )
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#topics.get(topic)?.get(partition)
  }

  set({ topic, partition, ...committed }: OffsetToCommit): void {
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
