import { randomInt } from 'node:crypto'
import { type Journal, NO_JOURNAL } from '../disk/journal.ts'
import { PartitionLog } from '../log/partition-log.ts'
import { IN_MEMORY_LOGS, type LogStorage } from './log-storage.ts'
import { type TopicSettings, topicSettings } from './topic-configs.ts'
import { collisionKey } from './topic-name.ts'

export interface NewTopic {
  readonly name: string
  readonly partitionCount: number
  /** Default: 1. */
  readonly replicationFactor?: number
  /** Only what is set; everything else has its default. */
  readonly overrides?: ReadonlyMap<string, string>
}

export interface Topic {
  readonly name: string
  /** Tells it from others of its name, before and after. */
  readonly id: string
  /** Index = partition number. Grows by CreatePartitions. */
  readonly partitions: PartitionLog[]
  readonly overrides: ReadonlyMap<string, string>
  readonly settings: TopicSettings
  readonly replicationFactor: number
  /** Partition → the node that leads it instead of where it was placed. */
  readonly movedLeaders: Map<number, number>
}

export type TopicChange =
  | {
      readonly kind: 'topic-created'
      readonly name: string
      readonly id: string
      readonly partitionCount: number
      readonly replicationFactor: number
      readonly overrides: readonly (readonly [name: string, value: string])[]
    }
  | { readonly kind: 'topic-grown'; readonly name: string; readonly partitionCount: number }
  | { readonly kind: 'topic-deleted'; readonly name: string }
  | { readonly kind: 'log-truncated'; readonly name: string; readonly partition: number; readonly startOffset: number }

const FIRST_ID = 36 ** 4
const LAST_ID = 36 ** 5

/** Every topic of the broker. Validation is the APIs' job; this only keeps. What changes it throws StorageError instead. */
export class TopicCatalog {
  readonly #topics = new Map<string, Topic>()
  readonly #journal: Journal<TopicChange>
  readonly #logs: LogStorage

  constructor(journal: Journal<TopicChange> = NO_JOURNAL, logs: LogStorage = IN_MEMORY_LOGS) {
    this.#journal = journal
    this.#logs = logs
  }

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

  create({ name, partitionCount, replicationFactor = 1, overrides = new Map() }: NewTopic): void {
    const id = randomInt(FIRST_ID, LAST_ID).toString(36)
    this.#make({ kind: 'topic-created', name, id, partitionCount, replicationFactor, overrides: [...overrides] })
  }

  grow({ name }: Topic, partitionCount: number): void {
    this.#make({ kind: 'topic-grown', name, partitionCount })
  }

  /** Frees the topic's logs and wakes whoever waits on them. A topic of that name made later starts at offset 0. */
  delete({ name }: Topic): void {
    this.#make({ kind: 'topic-deleted', name })
  }

  /** Moves the start of a log to `startOffset`, which must lie within it. */
  truncateBefore({ name }: Topic, partition: number, startOffset: number): void {
    this.#make({ kind: 'log-truncated', name, partition, startOffset })
  }

  /** Leaders may have moved: whoever waits for appends is to ask again. */
  wakeReaders(): void {
    for (const { partitions } of this.#topics.values()) for (const log of partitions) log.wakeReaders()
  }

  get sizeBytes(): number {
    let total = 0
    for (const topic of this.#topics.values()) for (const log of topic.partitions) total += log.sizeBytes
    return total
  }

  /** Applies every topic's retention. */
  retain(nowMs: number): void {
    for (const topic of this.#topics.values()) {
      const { retentionMs, retentionBytes } = topic.settings
      for (const [partition, log] of topic.partitions.entries()) {
        const startOffset = log.retainedFrom(nowMs - retentionMs, retentionBytes)
        if (startOffset > log.startOffset) this.truncateBefore(topic, partition, startOffset)
      }
    }
  }

  /** Brings about what was written before: by `#make`, or in an earlier life of the broker. */
  apply(change: TopicChange): void {
    const topic = this.#topics.get(change.name)
    if (change.kind === 'topic-created') this.#add(change)
    else if (topic !== undefined) this.#change(topic, change)
  }

  /** Takes up the records of every topic, once all changes were applied. */
  recover(): void {
    for (const { partitions } of this.#topics.values()) for (const log of partitions) log.recover()
  }

  /** What makes a catalog like this one, records aside. */
  *changes(): Generator<TopicChange> {
    for (const { name, id, partitions, replicationFactor, overrides } of this.#topics.values()) {
      const shape = { partitionCount: partitions.length, replicationFactor, overrides: [...overrides] }
      yield { kind: 'topic-created', name, id, ...shape }
      for (const [partition, { startOffset }] of partitions.entries())
        if (startOffset > 0) yield { kind: 'log-truncated', name, partition, startOffset }
    }
  }

  #make(change: TopicChange): void {
    this.#journal.write(change)
    this.apply(change)
  }

  #add({
    name,
    id,
    partitionCount,
    replicationFactor,
    overrides: entries,
  }: TopicChange & { kind: 'topic-created' }): void {
    const overrides = new Map(entries)
    const settings = topicSettings(overrides)
    const topic = { name, id, partitions: [], overrides, settings, replicationFactor, movedLeaders: new Map() }
    this.#topics.set(name, topic)
    this.#growTo(topic, partitionCount)
  }

  #change(topic: Topic, change: Exclude<TopicChange, { kind: 'topic-created' }>): void {
    switch (change.kind) {
      case 'topic-grown':
        this.#growTo(topic, change.partitionCount)
        break
      case 'topic-deleted':
        this.#topics.delete(topic.name)
        for (const log of topic.partitions) log.close()
        this.#logs.remove(topic)
        break
      case 'log-truncated':
        topic.partitions[change.partition]?.truncateBefore(change.startOffset)
        break
    }
  }

  #growTo(topic: Topic, partitionCount: number): void {
    for (let index = topic.partitions.length; index < partitionCount; index++)
      topic.partitions.push(new PartitionLog(this.#logs.storeOf(topic, index)))
  }
}
