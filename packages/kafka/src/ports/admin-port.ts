import type { CommitEntry } from './consumer-port.ts'
import type { TopicPartition } from './record.ts'

export interface TopicSpec {
  readonly topic: string
  readonly partitions: number
  readonly replicationFactor: number
  /** Topic configuration, as Kafka names it. */
  readonly configs: Readonly<Record<string, string>>
}

export interface TopicDescription {
  readonly topic: string
  readonly partitions: number
  readonly configs: Readonly<Record<string, string>>
}

export interface PartitionOffsets {
  readonly partition: number
  /** Log start offset. */
  readonly low: number
  /** High watermark: the offset the next record will get once replicated. */
  readonly high: number
}

export interface CommittedOffset {
  readonly tp: TopicPartition
  /** Next to read, or null when nothing is committed. */
  readonly next: number | null
  readonly metadata: string
}

export interface GroupMember {
  readonly memberId: string
  readonly clientId: string
  readonly assigned: readonly TopicPartition[]
}

export interface GroupDescription {
  readonly groupId: string
  /** Kafka's word: Empty, PreparingRebalance, CompletingRebalance, Stable, Dead. */
  readonly state: string
  readonly members: readonly GroupMember[]
}

/** What Towline asks of a cluster outside producing and consuming. Every call throws TOWLINE_BROKER_UNAVAILABLE when nobody answers. */
export interface AdminPort {
  brokerCount(): Promise<number>
  topicNames(): Promise<readonly string[]>
  /** Only those that exist. */
  describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]>
  /** Topics that exist already are left alone. Resolves when every partition has a leader. */
  createTopics(specs: readonly TopicSpec[]): Promise<void>
  /** Topics that do not exist are passed over. */
  deleteTopics(topics: readonly string[]): Promise<void>
  /** Raises the number of partitions to `partitions`. */
  addPartitions(topic: string, partitions: number): Promise<void>
  /** @throws TowlineError TOWLINE_TOPIC_MISSING */
  offsets(topic: string): Promise<readonly PartitionOffsets[]>
  /** Per partition the first offset whose record is at or after `timestampMs`, or the high watermark where there is none. */
  offsetsAt(
    topic: string,
    timestampMs: number,
  ): Promise<readonly { readonly partition: number; readonly offset: number }[]>
  committed(groupId: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]>
  /** Stores offsets and metadata of a group that has no members. @throws when it has some. */
  commitNote(groupId: string, entries: readonly CommitEntry[]): Promise<void>
  describeGroup(groupId: string): Promise<GroupDescription>
  groupIds(): Promise<readonly string[]>
  /** Groups that do not exist are passed over. */
  deleteGroups(groupIds: readonly string[]): Promise<void>
  /** Leaves a group in the name of a member whose process is known to be dead. */
  leaveGroup(groupId: string, memberId: string): Promise<void>
  close(): Promise<void>
}
