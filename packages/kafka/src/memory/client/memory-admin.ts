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
import type { TopicPartition } from '../../ports/record.ts'
import { BrokerError, errorTypeOf, portErrorOf } from '../broker/broker-error.ts'
import type { ApiName } from '../broker/faults.ts'
import type { ClusterState, Link } from './link.ts'

/** How long one call retries what may pass before it throws. */
const CALL_BUDGET_MS = 10_000
const FROM_OUTSIDE = { memberId: '', generation: -1 }

interface Call {
  readonly api: ApiName
  readonly doing: string
  readonly subject: string
}

export class MemoryAdmin implements AdminPort {
  readonly #link: Link
  readonly #cluster: ClusterState

  constructor(link: Link, cluster: ClusterState) {
    this.#link = link
    this.#cluster = cluster
  }

  async brokerCount(): Promise<number> {
    return await this.#call({ api: 'Metadata', doing: 'count', subject: 'brokers' }, () => this.#cluster.brokers)
  }

  async topicNames(): Promise<readonly string[]> {
    return await this.#call({ api: 'Metadata', doing: 'list', subject: 'topics' }, () => this.#cluster.topics.names())
  }

  async describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    return await this.#call({ api: 'DescribeConfigs', doing: 'describe', subject: topics.join(', ') }, () =>
      topics
        .map((topic) => this.#cluster.topics.find(topic))
        .filter((found) => found !== undefined)
        .map(({ topic, logs, configs }) => ({ topic, partitions: logs.length, configs })),
    )
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    for (const spec of specs) {
      await this.#call({ api: 'CreateTopics', doing: 'create', subject: spec.topic }, () =>
        this.#cluster.topics.create(spec),
      )
    }
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    for (const topic of topics) {
      await this.#call({ api: 'DeleteTopics', doing: 'delete', subject: topic }, () => {
        this.#cluster.topics.delete(topic)
        this.#cluster.coordinator.topicDeleted(topic)
      })
    }
  }

  async addPartitions(topic: string, partitions: number): Promise<void> {
    await this.#call({ api: 'CreatePartitions', doing: 'add partitions to', subject: topic }, () =>
      this.#cluster.topics.addPartitions(topic, partitions),
    )
  }

  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return await this.#call({ api: 'ListOffsets', doing: 'read offsets of', subject: topic }, () =>
      this.#cluster.topics.require(topic).logs.map(({ low, high }, partition) => ({ partition, low, high })),
    )
  }

  async offsetsAt(
    topic: string,
    timestampMs: number,
  ): Promise<readonly { readonly partition: number; readonly offset: number }[]> {
    return await this.#call({ api: 'ListOffsets', doing: 'look up a time in', subject: topic }, () =>
      this.#cluster.topics
        .require(topic)
        .logs.map((log, partition) => ({ partition, offset: log.offsetAt(timestampMs) ?? log.high })),
    )
  }

  async committed(groupId: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    return await this.#call({ api: 'OffsetFetch', doing: 'read offsets of group', subject: groupId }, () =>
      this.#cluster.coordinator.committed(groupId, partitions),
    )
  }

  async commitNote(groupId: string, entries: readonly CommitEntry[]): Promise<void> {
    await this.#call({ api: 'OffsetCommit', doing: 'commit for group', subject: groupId }, () => {
      try {
        this.#cluster.coordinator.commit(groupId, FROM_OUTSIDE, entries)
      } catch (error) {
        throw noteErrorOf(groupId, entries, error)
      }
    })
  }

  async describeGroup(groupId: string): Promise<GroupDescription> {
    return await this.#call({ api: 'DescribeGroups', doing: 'describe group', subject: groupId }, () => {
      const { coordinator } = this.#cluster
      const group = coordinator.find(groupId)
      if (group === undefined)
        return { groupId, state: coordinator.hasOffsets(groupId) ? 'Empty' : 'Dead', members: [] }
      const members = group.members.map(({ memberId, clientId, topic, assigned }) => ({
        memberId,
        clientId,
        assigned: assigned.map((partition) => ({ topic, partition })),
      }))
      return { groupId, state: group.state, members }
    })
  }

  async groupIds(): Promise<readonly string[]> {
    return await this.#call({ api: 'ListGroups', doing: 'list', subject: 'groups' }, () =>
      this.#cluster.coordinator.groupIds(),
    )
  }

  async deleteGroups(groupIds: readonly string[]): Promise<void> {
    for (const groupId of groupIds) {
      await this.#call({ api: 'DeleteGroups', doing: 'delete group', subject: groupId }, () =>
        this.#cluster.coordinator.delete(groupId),
      )
    }
  }

  async leaveGroup(groupId: string, memberId: string): Promise<void> {
    await this.#call({ api: 'LeaveGroup', doing: 'leave group', subject: groupId }, () => {
      try {
        this.#cluster.coordinator.find(groupId)?.leave(memberId)
      } catch (error) {
        if (errorTypeOf(error) !== 'UNKNOWN_MEMBER_ID') throw error
      }
    })
  }

  async close(): Promise<void> {}

  async #call<T>({ api, doing, subject }: Call, serve: () => T): Promise<T> {
    try {
      return await this.#link.retrying(() => this.#link.call(api, serve), { budgetMs: CALL_BUDGET_MS })
    } catch (error) {
      throw portErrorOf(error, doing, subject)
    }
  }
}

function noteErrorOf(groupId: string, entries: readonly CommitEntry[], thrown: unknown): unknown {
  const type = thrown instanceof BrokerError ? thrown.type : ''
  if (type === 'UNKNOWN_MEMBER_ID') return groupHasMembers(groupId)
  if (type !== 'OFFSET_METADATA_TOO_LARGE') return thrown
  return new TowlineError('TOWLINE_INTERNAL', `a note of group "${groupId}" is longer than the broker accepts`, {
    value: Math.max(...entries.map(({ metadata }) => metadata.length)),
    bound: 'offset.metadata.max.bytes of the broker, 4096 by default',
  })
}
