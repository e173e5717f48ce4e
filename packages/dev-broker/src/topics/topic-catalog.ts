import { PartitionLog } from '../log/partition-log.ts'
import { type TopicSettings, topicSettings } from './topic-configs.ts'
import { collisionKey } from './topic-name.ts'

export interface Topic {
  readonly name: string
  /** Index = partition number. Grows by CreatePartitions. */
  readonly partitions: PartitionLog[]
  /** Only what was set; everything else has its default. */
  readonly overrides: ReadonlyMap<string, string>
  readonly settings: TopicSettings
}

/** Every topic of the broker. Validation is the APIs' job; this only keeps. */
export class TopicCatalog {
  readonly #topics = new Map<string, Topic>()

  get all(): IterableIterator<Topic> {
    return this.#topics.values()
  }

  find(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  partition(name: string, index: number): PartitionLog | undefined {
    return this.#topics.get(name)?.partitions[index]
  }

  colliding(name: string): Topic | undefined {
    const key = collisionKey(name)
    return this.#topics.values().find((topic) => topic.name !== name && collisionKey(topic.name) === key)
  }

  create(name: string, partitionCount: number, overrides: ReadonlyMap<string, string>): Topic {
    const topic: Topic = { name, partitions: [], overrides, settings: topicSettings(overrides) }
    this.#topics.set(name, topic)
    this.grow(topic, partitionCount)
    return topic
  }

  grow(topic: Topic, partitionCount: number): void {
    while (topic.partitions.length < partitionCount) topic.partitions.push(new PartitionLog())
  }

  /** Frees the topic's logs and wakes whoever waits on them. A topic of that name made later starts at offset 0. */
  delete(topic: Topic): void {
    this.#topics.delete(topic.name)
    for (const log of topic.partitions) log.close()
  }

  get sizeBytes(): number {
    let total = 0
    for (const topic of this.#topics.values()) for (const log of topic.partitions) total += log.sizeBytes
    return total
  }

  /** Applies every topic's retention. */
  retain(nowMs: number): void {
    for (const { partitions, settings } of this.#topics.values())
      for (const log of partitions) log.retain(nowMs - settings.retentionMs, settings.retentionBytes)
  }
}
