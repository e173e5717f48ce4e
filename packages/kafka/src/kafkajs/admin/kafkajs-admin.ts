import { TowlineError } from '@towline/contracts'
import type {
  AdminPort,
  CommittedOffset,
  GroupDescription,
  PartitionOffsets,
  TopicDescription,
  TopicSpec,
} from '../../ports/admin-port.ts'
import type { CommitEntry } from '../../ports/consumer-port.ts'
import { groupHasMembers } from '../../ports/port-errors.ts'
import { partitionId, type TopicPartition } from '../../ports/record.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { commitOffsets, fetchCommitted, memberless } from '../cluster/group-offsets.ts'
import { leaveGroup } from '../cluster/leave-group.ts'
import { leadersOf, logBounds, offsetsAt } from '../cluster/list-offsets.ts'
import { retrying } from '../cluster/retrying.ts'
import { towlineErrorOf } from '../kafka-error.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'
import { deleteGroup, describeGroup, listGroups } from './groups.ts'
import { addPartitions, createTopics, deleteTopics, describeTopics } from './topics.ts'

/** How long one call retries what may pass before it throws. */
const CALL_BUDGET_MS = 10_000

export class KafkajsAdmin implements AdminPort {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async brokerCount(): Promise<number> {
    const { brokers } = await this.#call('count', 'brokers', () => this.#client.metadata([]))
    return brokers.length
  }

  async topicNames(): Promise<readonly string[]> {
    const { topicMetadata } = await this.#call('list', 'topics', () => this.#client.metadata('all'))
    return topicMetadata.filter((each) => each.isInternal !== true).map(({ topic }) => topic)
  }

  async describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    if (topics.length === 0) return []
    return await this.#call('describe', topics.join(', '), () => describeTopics(this.#client, topics))
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    if (specs.length === 0) return
    await this.#call('create', specs.map(({ topic }) => topic).join(', '), () => createTopics(this.#client, specs))
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    if (topics.length === 0) return
    await this.#call('delete', topics.join(', '), () => deleteTopics(this.#client, topics))
  }

  async addPartitions(topic: string, partitions: number): Promise<void> {
    await this.#call('add partitions to', topic, () => addPartitions(this.#client, topic, partitions))
  }

  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return await this.#call('read offsets of', topic, () => logBounds(this.#client, topic, 'all'))
  }

  async offsetsAt(
    topic: string,
    timestampMs: number,
  ): Promise<readonly { readonly partition: number; readonly offset: number }[]> {
    return await this.#call('look up a time in', topic, async () => {
      const leaders = await leadersOf(this.#client, topic)
      const partitions = [...leaders.keys()].toSorted((a, b) => a - b)
      const found = await offsetsAt(this.#client, topic, partitions, leaders, timestampMs)
      const ends = await logBounds(this.#client, topic, partitions)
      return ends.map(({ partition, high }) => {
        const offset = found.get(partition) ?? -1
        return { partition, offset: offset < 0 ? high : offset }
      })
    })
  }

  async committed(groupId: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    if (partitions.length === 0) return []
    return await this.#group('read offsets of group', groupId, () => fetchCommitted(this.#client, groupId, partitions))
  }

  async commitNote(groupId: string, entries: readonly CommitEntry[]): Promise<void> {
    if (entries.length === 0) return
    await this.#group('commit for group', groupId, async () => {
      const codes = await commitOffsets(this.#client, memberless(groupId), entries)
      for (const [index, code] of codes.entries()) this.#checkNote(groupId, entries[index], code)
    })
  }

  async describeGroup(groupId: string): Promise<GroupDescription> {
    return await this.#group('describe group', groupId, () => describeGroup(this.#client, groupId))
  }

  async groupIds(): Promise<readonly string[]> {
    return await this.#call('list', 'groups', () => listGroups(this.#client))
  }

  async deleteGroups(groupIds: readonly string[]): Promise<void> {
    for (const groupId of groupIds) {
      await this.#group('delete group', groupId, () => deleteGroup(this.#client, groupId))
    }
  }

  async leaveGroup(groupId: string, memberId: string): Promise<void> {
    await this.#group('leave group', groupId, () => leaveGroup(this.#client, groupId, memberId))
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  #checkNote(groupId: string, entry: CommitEntry | undefined, code: number): void {
    if (code === KAFKA_ERROR.UNKNOWN_MEMBER_ID) {
      throw groupHasMembers(groupId)
    }
    if (code === KAFKA_ERROR.OFFSET_METADATA_TOO_LARGE && entry !== undefined) {
      throw new TowlineError(
        'TOWLINE_INTERNAL',
        `the note of ${partitionId(entry.tp)} is longer than the broker accepts`,
        {
          value: entry.metadata.length,
          bound: 'offset.metadata.max.bytes of the broker, 4096 by default',
        },
      )
    }
    this.#client.check(code)
  }

  async #group<T>(doing: string, groupId: string, call: () => Promise<T>): Promise<T> {
    return await this.#call(doing, groupId, call, () => this.#client.forgetCoordinator(groupId))
  }

  async #call<T>(doing: string, subject: string, call: () => Promise<T>, beforeRetry?: () => void): Promise<T> {
    try {
      return await retrying(call, { budgetMs: CALL_BUDGET_MS, ...(beforeRetry && { beforeRetry }) })
    } catch (error) {
      throw towlineErrorOf(error, { doing, subject, brokers: this.#client.brokers })
    }
  }
}
