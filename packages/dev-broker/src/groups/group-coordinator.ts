import { randomUUID } from 'node:crypto'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import type { CommittedOffset } from './committed-offsets.ts'
import { Group } from './group.ts'
import { type JoinReply, type JoinRequest, joinRefusal } from './member.ts'

export interface GroupLimits {
  /** Kafka's `group.min.session.timeout.ms`. */
  readonly minSessionTimeoutMs: number
  /** Kafka's `group.max.session.timeout.ms`. */
  readonly maxSessionTimeoutMs: number
  /** Kafka's `offset.metadata.max.bytes`, which it counts in characters. */
  readonly maxOffsetMetadataLength: number
}

/** Every group of the broker. Creates them as Kafka does: by a join, or by a commit from outside. */
export class GroupCoordinator {
  readonly limits: GroupLimits
  readonly #groups = new Map<string, Group>()
  readonly #now: () => number

  constructor(limits: GroupLimits, now: () => number) {
    this.limits = limits
    this.#now = now
  }

  get all(): IterableIterator<Group> {
    return this.#groups.values()
  }

  find(groupId: string): Group | undefined {
    return this.#groups.get(groupId)
  }

  join(groupId: string, request: JoinRequest): JoinReply | Promise<JoinReply> {
    const { memberId, sessionTimeoutMs, clientId } = request
    if (groupId === '') return joinRefusal(KAFKA_ERRORS.INVALID_GROUP_ID, memberId)
    if (sessionTimeoutMs < this.limits.minSessionTimeoutMs || sessionTimeoutMs > this.limits.maxSessionTimeoutMs)
      return joinRefusal(KAFKA_ERRORS.INVALID_SESSION_TIMEOUT, memberId)
    const group = memberId === '' ? this.#findOrCreate(groupId) : this.#groups.get(groupId)
    if (group === undefined) return joinRefusal(KAFKA_ERRORS.UNKNOWN_MEMBER_ID, memberId)
    return group.join(request, this.#now(), () => `${clientId}-${randomUUID()}`)
  }

  /** The group to commit to, or why not. A commit from outside (generation −1) may create the group. */
  admitCommit(groupId: string, memberId: string, generationId: number): Group | number {
    if (groupId === '') return KAFKA_ERRORS.INVALID_GROUP_ID
    const group = generationId < 0 ? this.#findOrCreate(groupId) : this.#groups.get(groupId)
    if (group === undefined) return KAFKA_ERRORS.ILLEGAL_GENERATION
    const errorCode = group.admitCommit(memberId, generationId, this.#now())
    return errorCode === KAFKA_ERRORS.NONE ? group : errorCode
  }

  /** Why this offset may not be committed, or NONE after it was. */
  commit(group: Group, topic: string, partition: number, committed: CommittedOffset): number {
    if (committed.metadata.length > this.limits.maxOffsetMetadataLength) return KAFKA_ERRORS.OFFSET_METADATA_TOO_LARGE
    group.offsets.set(topic, partition, committed)
    return KAFKA_ERRORS.NONE
  }

  delete(groupId: string): number {
    const group = this.#groups.get(groupId)
    if (groupId === '') return KAFKA_ERRORS.INVALID_GROUP_ID
    if (group === undefined) return KAFKA_ERRORS.GROUP_ID_NOT_FOUND
    if (!group.roster.isEmpty) return KAFKA_ERRORS.NON_EMPTY_GROUP
    group.disband()
    this.#groups.delete(groupId)
    return KAFKA_ERRORS.NONE
  }

  /** A deleted topic takes its committed offsets along. */
  forgetTopic(topic: string): void {
    for (const group of this.#groups.values()) group.offsets.forgetTopic(topic)
  }

  tick(): void {
    const nowMs = this.#now()
    for (const group of this.#groups.values()) group.tick(nowMs)
  }

  /** The broker stops: nobody is left waiting. */
  close(): void {
    for (const group of this.#groups.values()) group.disband()
    this.#groups.clear()
  }

  #findOrCreate(groupId: string): Group {
    let group = this.#groups.get(groupId)
    if (group === undefined) {
      group = new Group(groupId)
      this.#groups.set(groupId, group)
    }
    return group
  }
}
