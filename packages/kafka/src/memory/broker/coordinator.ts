import type { Clock } from '@towline/contracts'
import type { CommittedOffset } from '../../ports/admin-port.ts'
import type { CommitEntry } from '../../ports/consumer-port.ts'
import { type PartitionId, partitionId, type TopicPartition } from '../../ports/record.ts'
import { BrokerError } from './broker-error.ts'
import { Group, type JoinAnswer, type JoinRequest } from './group.ts'
import type { Topics } from './topics.ts'

/** Kafka's default of `offset.metadata.max.bytes`. */
const METADATA_MAX_BYTES = 4_096

type Stored = ReadonlyMap<PartitionId, CommitEntry>

/** All groups of a cluster, and what they committed. */
export class Coordinator {
  readonly #clock: Clock
  readonly #topics: Topics
  readonly #groups = new Map<string, Group>()
  readonly #offsets = new Map<string, Stored>()

  constructor(clock: Clock, topics: Topics) {
    this.#clock = clock
    this.#topics = topics
  }

  groupIds(): readonly string[] {
    return [...new Set([...this.#groups.keys(), ...this.#offsets.keys()])].toSorted()
  }

  find(groupId: string): Group | undefined {
    return this.#groups.get(groupId)
  }

  groups(): readonly Group[] {
    return [...this.#groups.values()]
  }

  join(groupId: string, request: JoinRequest): JoinAnswer | Promise<JoinAnswer> {
    let group = this.#groups.get(groupId)
    if (group === undefined) {
      group = new Group(this.#clock, (topic) => this.#topics.find(topic)?.logs.length ?? 0)
      this.#groups.set(groupId, group)
    }
    return group.join(request)
  }

  /** @throws BrokerError UNKNOWN_MEMBER_ID */
  require(groupId: string): Group {
    const group = this.#groups.get(groupId)
    if (group === undefined) throw new BrokerError('UNKNOWN_MEMBER_ID')
    return group
  }

  /**
   * Stores offsets in the name of a member, or, with memberId '', from outside the group.
   *
   * @throws BrokerError UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS, OFFSET_METADATA_TOO_LARGE
   */
  commit(
    groupId: string,
    member: { readonly memberId: string; readonly generation: number },
    entries: readonly CommitEntry[],
  ): void {
    if (member.memberId === '') this.#groups.get(groupId)?.admitCommit('', -1)
    else this.require(groupId).admitCommit(member.memberId, member.generation)
    if (entries.some(({ metadata }) => metadata.length > METADATA_MAX_BYTES)) {
      throw new BrokerError('OFFSET_METADATA_TOO_LARGE')
    }
    const added = entries.map((entry) => [partitionId(entry.tp), entry] as const)
    this.#offsets.set(groupId, new Map([...(this.#offsets.get(groupId) ?? []), ...added]))
  }

  committed(groupId: string, partitions: readonly TopicPartition[]): readonly CommittedOffset[] {
    const stored = this.#offsets.get(groupId)
    return partitions.map((tp) => {
      const { next, metadata } = stored?.get(partitionId(tp)) ?? { next: null, metadata: '' }
      return { tp, next, metadata }
    })
  }

  hasOffsets(groupId: string): boolean {
    return this.#offsets.has(groupId)
  }

  /** @throws BrokerError NON_EMPTY_GROUP */
  delete(groupId: string): void {
    if ((this.#groups.get(groupId)?.members.length ?? 0) > 0) throw new BrokerError('NON_EMPTY_GROUP')
    this.#groups.delete(groupId)
    this.#offsets.delete(groupId)
  }

  /** A deleted topic takes the offsets committed for it along. */
  topicDeleted(topic: string): void {
    for (const [groupId, stored] of this.#offsets) {
      const kept = [...stored].filter(([, { tp }]) => tp.topic !== topic)
      if (kept.length < stored.size) this.#offsets.set(groupId, new Map(kept))
    }
  }
}
