// One classic consumer group, as Kafka's coordinator keeps it. No clock and no timers: callers pass the time, and `tick`
// does what time alone brings about.
//
//   Empty ──join──▶ PreparingRebalance ──all joined, or time is up──▶ CompletingRebalance ──leader's sync──▶ Stable
//     ▲                   ▲                                                  │                               │
//     └── nobody joined ──┴────────── a member joins, leaves, expires ───────┴───────────────────────────────┘
//
// The first member of a group does not wait for others to show up (Kafka's group.initial.rebalance.delay.ms at 0).
//
//   G1. The generation grows at every completed join, and only there.
//   G2. In CompletingRebalance and Stable every member has joined the current generation.
//   G3. A member has at most one request open; replacing or removing it answers that request.
//   G4. A member that waits for an answer of ours does not expire.

import { KAFKA_ERRORS } from '../protocol/error-codes.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import {
  answerJoin,
  answerSync,
  type JoinReply,
  type JoinRequest,
  joinRefusal,
  type Member,
  NO_BYTES,
  refuseWaiting,
  renew,
  type SyncReply,
  sameProtocols,
  syncRefusal,
} from './member.ts'
import { Roster } from './roster.ts'

/** A phase carries the deadlines that belong to it. */
export type GroupPhase =
  /** No members; may hold offsets. */
  | { readonly name: 'Empty' }
  /** Waits for every known and every announced member to (re)join, until `latestAtMs` at most. */
  | { readonly name: 'PreparingRebalance'; readonly latestAtMs: number }
  /** Waits for the leader's assignment; who has not synced at `latestAtMs` is dropped. */
  | { readonly name: 'CompletingRebalance'; readonly latestAtMs: number }
  | { readonly name: 'Stable' }

export interface MemberAssignment {
  readonly memberId: string
  readonly assignment: Buffer
}

export class Group {
  readonly id: string
  readonly offsets: CommittedOffsets = new CommittedOffsets()
  readonly roster: Roster = new Roster()
  #phase: GroupPhase = { name: 'Empty' }
  readonly #onGeneration: (generationId: number) => void
  #generationId: number

  /** `generationId`: the last one there was. `onGeneration` is told of each one that begins, before any member is. */
  constructor(id: string, generationId = 0, onGeneration: (generationId: number) => void = () => undefined) {
    this.id = id
    this.#generationId = generationId
    this.#onGeneration = onGeneration
  }

  get phase(): GroupPhase {
    return this.#phase
  }

  get generationId(): number {
    return this.#generationId
  }

  /** `newMemberId` makes the id of a newcomer. */
  join(request: JoinRequest, nowMs: number, newMemberId: () => string): JoinReply | Promise<JoinReply> {
    const { memberId } = request
    if (!this.roster.canSpeakWith(request)) return joinRefusal(KAFKA_ERRORS.INCONSISTENT_GROUP_PROTOCOL, memberId)
    if (memberId === '') {
      const id = newMemberId()
      if (!request.mustKnowItsId) return this.#holdJoin(this.roster.add(id, request), request, nowMs)
      this.roster.announce(id, nowMs + request.sessionTimeoutMs)
      return joinRefusal(KAFKA_ERRORS.MEMBER_ID_REQUIRED, id)
    }
    if (this.roster.takeAnnounced(memberId)) return this.#holdJoin(this.roster.add(memberId, request), request, nowMs)
    const member = this.roster.find(memberId)
    if (member === undefined) return joinRefusal(KAFKA_ERRORS.UNKNOWN_MEMBER_ID, memberId)
    if (!this.#isRepeatedJoin(member, request)) return this.#holdJoin(member, request, nowMs)
    renew(member, nowMs)
    return this.#joinReply(member)
  }

  sync(
    memberId: string,
    generationId: number,
    assignments: readonly MemberAssignment[],
    nowMs: number,
  ): SyncReply | Promise<SyncReply> {
    const member = this.#memberOf(memberId, generationId)
    if (typeof member === 'number') return syncRefusal(member)
    renew(member, nowMs)
    switch (this.#phase.name) {
      case 'Empty':
        return syncRefusal(KAFKA_ERRORS.UNKNOWN_MEMBER_ID)
      case 'PreparingRebalance':
        return syncRefusal(KAFKA_ERRORS.REBALANCE_IN_PROGRESS)
      case 'Stable':
        return { errorCode: KAFKA_ERRORS.NONE, assignment: member.assignment }
      case 'CompletingRebalance': {
        const reply = this.#holdSync(member)
        if (memberId === this.roster.leaderId) this.#assign(assignments, nowMs)
        return reply
      }
    }
  }

  heartbeat(memberId: string, generationId: number, nowMs: number): number {
    const member = this.#memberOf(memberId, generationId)
    if (typeof member === 'number') return member
    renew(member, nowMs)
    return this.#phase.name === 'PreparingRebalance' ? KAFKA_ERRORS.REBALANCE_IN_PROGRESS : KAFKA_ERRORS.NONE
  }

  /** Whoever knows the id may sign the member off: Kafka does not bind it to a connection. */
  leave(memberId: string, nowMs: number): number {
    if (this.roster.takeAnnounced(memberId)) {
      this.#completeJoinIfGathered(nowMs)
      return KAFKA_ERRORS.NONE
    }
    const member = this.roster.find(memberId)
    if (member === undefined) return KAFKA_ERRORS.UNKNOWN_MEMBER_ID
    this.#remove([member], nowMs)
    return KAFKA_ERRORS.NONE
  }

  /**
   * Whether a commit is let through, as Kafka judges it: by member and generation, never by who owns the partition.
   * Generation −1 without a member id is a commit from outside the group, accepted while nobody is in it.
   * A member's commit renews its session.
   */
  admitCommit(memberId: string, generationId: number, nowMs: number): number {
    const isFromOutside = generationId < 0 && memberId === ''
    if (isFromOutside) return this.#phase.name === 'Empty' ? KAFKA_ERRORS.NONE : KAFKA_ERRORS.UNKNOWN_MEMBER_ID
    const member = this.#memberOf(memberId, generationId)
    if (typeof member === 'number') return member
    if (this.#phase.name === 'CompletingRebalance') return KAFKA_ERRORS.REBALANCE_IN_PROGRESS
    renew(member, nowMs)
    return KAFKA_ERRORS.NONE
  }

  /** Everybody has to join again. */
  rebalance(nowMs: number): void {
    this.#prepareRebalance(nowMs)
  }

  /** Whatever members wait for is refused; they stay members. */
  refuseWaiting(errorCode: number): void {
    for (const member of this.roster.members) refuseWaiting(member, errorCode)
  }

  /** Ends what has run out: announced ids, sessions, and the phase's own deadline. */
  tick(nowMs: number): void {
    this.roster.dropLapsed(nowMs)
    const notWaiting = this.roster.members.filter((member) => member.waiting === null)
    const hasMissedSync = this.#phase.name === 'CompletingRebalance' && this.#phase.latestAtMs <= nowMs
    this.#remove(hasMissedSync ? notWaiting : notWaiting.filter((member) => member.expiresAtMs <= nowMs), nowMs) // G4
    if (this.#phase.name !== 'PreparingRebalance') return
    if (this.#phase.latestAtMs <= nowMs) this.#completeJoin(nowMs)
    else this.#completeJoinIfGathered(nowMs)
  }

  /** The group is deleted, or the broker stops: whoever still waits is told. */
  disband(): void {
    this.roster.clear(KAFKA_ERRORS.UNKNOWN_MEMBER_ID)
    this.#phase = { name: 'Empty' }
  }

  /**
   * The join's answer was lost, or a follower asks without news: the current generation answers it.
   * A leader that joins again asks for a rebalance.
   */
  #isRepeatedJoin(member: Member, request: JoinRequest): boolean {
    if (!sameProtocols(member.protocols, request.protocols)) return false
    return (
      this.#phase.name === 'CompletingRebalance' ||
      (this.#phase.name === 'Stable' && member.id !== this.roster.leaderId)
    )
  }

  #holdJoin(member: Member, request: JoinRequest, nowMs: number): Promise<JoinReply> {
    this.roster.update(member, request, nowMs)
    refuseWaiting(member, KAFKA_ERRORS.REBALANCE_IN_PROGRESS) // G3
    const { promise, resolve } = Promise.withResolvers<JoinReply>()
    member.waiting = { for: 'join', answer: resolve }
    this.#prepareRebalance(nowMs)
    return promise
  }

  #holdSync(member: Member): Promise<SyncReply> {
    refuseWaiting(member, KAFKA_ERRORS.REBALANCE_IN_PROGRESS) // G3
    const { promise, resolve } = Promise.withResolvers<SyncReply>()
    member.waiting = { for: 'sync', answer: resolve }
    return promise
  }

  #prepareRebalance(nowMs: number): void {
    if (this.#phase.name !== 'PreparingRebalance') {
      for (const member of this.roster.members) answerSync(member, syncRefusal(KAFKA_ERRORS.REBALANCE_IN_PROGRESS))
      this.#phase = { name: 'PreparingRebalance', latestAtMs: nowMs + this.roster.longestRebalanceTimeoutMs }
    }
    this.#completeJoinIfGathered(nowMs)
  }

  #completeJoinIfGathered(nowMs: number): void {
    if (this.#phase.name === 'PreparingRebalance' && this.roster.isGathered) this.#completeJoin(nowMs)
  }

  #completeJoin(nowMs: number): void {
    this.roster.settle() // G2
    this.#generationId += 1 // G1
    this.#onGeneration(this.#generationId)
    this.#phase = this.roster.isEmpty
      ? { name: 'Empty' }
      : { name: 'CompletingRebalance', latestAtMs: nowMs + this.roster.longestRebalanceTimeoutMs }
    for (const member of this.roster.members) {
      renew(member, nowMs)
      member.assignment = NO_BYTES
      answerJoin(member, this.#joinReply(member))
    }
  }

  #joinReply(member: Member): JoinReply {
    const { leaderId, protocol, members } = this.roster
    const everybody = members.map((each) => ({ memberId: each.id, metadata: this.roster.metadataOf(each) }))
    return {
      errorCode: KAFKA_ERRORS.NONE,
      generationId: this.#generationId,
      protocolName: protocol,
      leader: leaderId,
      memberId: member.id,
      members: member.id === leaderId ? everybody : [],
    }
  }

  #assign(assignments: readonly MemberAssignment[], nowMs: number): void {
    for (const { memberId, assignment } of assignments) {
      const member = this.roster.find(memberId)
      if (member !== undefined) member.assignment = Buffer.from(assignment)
    }
    this.#phase = { name: 'Stable' }
    for (const member of this.roster.members) {
      if (member.waiting !== null) renew(member, nowMs)
      answerSync(member, { errorCode: KAFKA_ERRORS.NONE, assignment: member.assignment })
    }
  }

  #remove(leaving: readonly Member[], nowMs: number): void {
    for (const member of leaving) this.roster.remove(member, KAFKA_ERRORS.UNKNOWN_MEMBER_ID)
    if (leaving.length > 0) this.#prepareRebalance(nowMs)
  }

  /** The member, or the error when there is no such member or it lives in another generation. */
  #memberOf(memberId: string, generationId: number): Member | number {
    const member = this.roster.find(memberId)
    if (member === undefined) return KAFKA_ERRORS.UNKNOWN_MEMBER_ID
    return generationId === this.#generationId ? member : KAFKA_ERRORS.ILLEGAL_GENERATION
  }
}
