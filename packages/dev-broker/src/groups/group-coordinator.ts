import { randomUUID } from 'node:crypto'
import { type Journal, NO_JOURNAL } from '../disk/journal.ts'
import { unlessStorageFails } from '../disk/storage-error.ts'
import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import type { OffsetToCommit } from './committed-offsets.ts'
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

/** What of a group outlives the broker. Members do not: they join again, in the generation after the last. */
export type GroupChange =
  | { readonly kind: 'generation-begun'; readonly groupId: string; readonly generationId: number }
  | { readonly kind: 'offsets-committed'; readonly groupId: string; readonly offsets: readonly OffsetToCommit[] }
  | { readonly kind: 'group-deleted'; readonly groupId: string }

/** Every group of the broker. Creates them as Kafka does: by a join, or by a commit from outside. */
export class GroupCoordinator {
  readonly limits: GroupLimits
  readonly #groups = new Map<string, Group>()
  readonly #now: () => number
  readonly #journal: Journal<GroupChange>

  constructor(limits: GroupLimits, now: () => number, journal: Journal<GroupChange> = NO_JOURNAL) {
    this.limits = limits
    this.#now = now
    this.#journal = journal
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

  /** Commits all of them, or says why none was. */
  commit({ id: groupId }: Group, offsets: readonly OffsetToCommit[]): number {
    return offsets.length === 0
      ? KAFKA_ERRORS.NONE
      : this.#makeOrRefuse({ kind: 'offsets-committed', groupId, offsets })
  }

  delete(groupId: string): number {
    const group = this.#groups.get(groupId)
    if (groupId === '') return KAFKA_ERRORS.INVALID_GROUP_ID
    if (group === undefined) return KAFKA_ERRORS.GROUP_ID_NOT_FOUND
    if (!group.roster.isEmpty) return KAFKA_ERRORS.NON_EMPTY_GROUP
    return this.#makeOrRefuse({ kind: 'group-deleted', groupId })
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

  /** Brings about what was written before: by `#makeOrRefuse`, or in an earlier life of the broker. */
  apply(change: GroupChange): void {
    switch (change.kind) {
      case 'generation-begun':
        this.#findOrCreate(change.groupId, change.generationId)
        break
      case 'offsets-committed':
        for (const offset of change.offsets) this.#findOrCreate(change.groupId).offsets.set(offset)
        break
      case 'group-deleted':
        this.#groups.get(change.groupId)?.disband()
        this.#groups.delete(change.groupId)
        break
    }
  }

  /** What makes groups like these, members aside. */
  *changes(): Generator<GroupChange> {
    for (const { id: groupId, generationId, offsets } of this.#groups.values()) {
      if (generationId > 0) yield { kind: 'generation-begun', groupId, generationId }
      if (offsets.count > 0) yield { kind: 'offsets-committed', groupId, offsets: offsets.all }
    }
  }

  /** What cannot be kept is not done. Kafka's coordinator turns its KAFKA_STORAGE_ERROR into "look for another one", too. */
  #makeOrRefuse(change: GroupChange): number {
    if (unlessStorageFails(() => this.#journal.write(change)) === null) return KAFKA_ERRORS.NOT_COORDINATOR
    this.apply(change)
    return KAFKA_ERRORS.NONE
  }

  #findOrCreate(groupId: string, generationId = 0): Group {
    const known = this.#groups.get(groupId)
    if (known !== undefined && known.generationId >= generationId) return known
    const begun = (next: number): void => this.#noteGeneration(groupId, next)
    const group = new Group(groupId, generationId, begun)
    for (const offset of known?.offsets.all ?? []) group.offsets.set(offset)
    this.#groups.set(groupId, group)
    return group
  }

  /**
   * A full disk does not keep members from joining: should the generation be counted anew after a restart, the members of
   * the one before are unknown by then.
   */
  #noteGeneration(groupId: string, generationId: number): void {
    unlessStorageFails(() => this.#journal.write({ kind: 'generation-begun', groupId, generationId }))
  }
}
