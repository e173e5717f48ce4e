import type { Cancel, Clock } from '@towline/contracts'
import { assignSticky } from '../../consuming/sticky-assignment.ts'
import { BrokerError } from './broker-error.ts'

export interface JoinRequest {
  /** '' at first: the answer is an id to join by (KIP-394). */
  readonly memberId: string
  readonly clientId: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly topic: string
  /** What the member holds, and in which generation it came by it. */
  readonly claim: { readonly generation: number; readonly owned: readonly number[] }
}

export type JoinAnswer =
  | { readonly kind: 'announced'; readonly memberId: string }
  | { readonly kind: 'joined'; readonly memberId: string; readonly generation: number }

export interface Member extends JoinRequest {
  assigned: readonly number[]
  /** Answers the join it waits in, if it does: who waits for us does not expire. */
  waiting: { resolve(answer: JoinAnswer): void; reject(error: BrokerError): void } | null
  cancelSession: Cancel
}

type Phase =
  | { readonly name: 'Empty' }
  | { readonly name: 'PreparingRebalance'; readonly cancel: Cancel }
  | { readonly name: 'CompletingRebalance' }
  | { readonly name: 'Stable' }

/**
 * One classic consumer group on one topic, as Kafka's coordinator keeps it. What is simpler: the coordinator assigns,
 * by the sticky assigner, where in Kafka the group's leader does, so a leader that dies between join and sync does not occur.
 *
 *   G1. The generation grows at every completed join, and only there.
 *   G2. A member that waits in a join does not expire; any other does, a session after it was last heard of.
 *   G3. A commit is let in by member and generation, never by who holds the partition.
 */
export class Group {
  readonly #clock: Clock
  readonly #partitionCount: (topic: string) => number
  readonly #members = new Map<string, Member>()
  /** Ids handed out that nobody has joined by yet. */
  readonly #announced = new Set<string>()
  #phase: Phase = { name: 'Empty' }
  #generation = 0
  #ids = 0

  constructor(clock: Clock, partitionCount: (topic: string) => number) {
    this.#clock = clock
    this.#partitionCount = partitionCount
  }

  get state(): Phase['name'] {
    return this.#phase.name
  }

  get members(): readonly Member[] {
    return [...this.#members.values()]
  }

  join(request: JoinRequest): JoinAnswer | Promise<JoinAnswer> {
    const { memberId, clientId } = request
    if (memberId === '') {
      this.#ids += 1
      const announced = `${clientId}-${this.#ids}`
      this.#announced.add(announced)
      return { kind: 'announced', memberId: announced }
    }
    const known = this.#members.get(memberId)
    if (known === undefined && !this.#announced.delete(memberId)) throw new BrokerError('UNKNOWN_MEMBER_ID')
    known?.waiting?.reject(new BrokerError('REBALANCE_IN_PROGRESS'))
    known?.cancelSession()
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject }
      this.#members.set(memberId, { ...request, assigned: known?.assigned ?? [], waiting, cancelSession: () => {} })
      this.rebalance()
    })
  }

  /** The partitions of a member. @throws BrokerError UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS */
  sync(memberId: string, generation: number): readonly number[] {
    const member = this.#current(memberId, generation)
    if (this.#phase.name === 'PreparingRebalance') throw new BrokerError('REBALANCE_IN_PROGRESS')
    this.#phase = { name: 'Stable' }
    return member.assigned
  }

  /** @throws BrokerError UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS */
  heartbeat(memberId: string, generation: number): void {
    this.#current(memberId, generation)
    if (this.#phase.name === 'PreparingRebalance') throw new BrokerError('REBALANCE_IN_PROGRESS')
  }

  /** @throws BrokerError UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS */
  admitCommit(memberId: string, generation: number): void {
    if (memberId === '' && this.#members.size === 0) return // from outside the group
    this.#current(memberId, generation)
    if (this.#phase.name === 'CompletingRebalance') throw new BrokerError('REBALANCE_IN_PROGRESS')
  }

  /** @throws BrokerError UNKNOWN_MEMBER_ID */
  leave(memberId: string): void {
    if (this.#announced.delete(memberId)) return
    const member = this.#members.get(memberId)
    if (member === undefined) throw new BrokerError('UNKNOWN_MEMBER_ID')
    this.#remove(member)
  }

  /** Everybody has to join again. */
  rebalance(): void {
    if (this.#members.size === 0) return
    if (this.#phase.name !== 'PreparingRebalance') {
      this.#prepareRebalance()
    }
    if (this.members.every(({ waiting }) => waiting !== null)) this.#completeJoin()
  }

  /** The coordinator stops: it forgets no member, but answers none and counts no session. */
  suspend(): void {
    if (this.#phase.name === 'PreparingRebalance') this.#phase.cancel()
    for (const member of this.#members.values()) {
      member.cancelSession()
      member.waiting = null
    }
  }

  /** The coordinator is back, and gives everybody a session to show up in. */
  resume(): void {
    if (this.#phase.name === 'PreparingRebalance') this.#prepareRebalance()
    for (const member of this.#members.values()) this.#renew(member)
  }

  #prepareRebalance(): void {
    const longestMs = Math.max(...this.members.map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs))
    this.#phase = { name: 'PreparingRebalance', cancel: this.#clock.after(longestMs, () => this.#completeJoin()) }
  }

  #current(memberId: string, generation: number): Member {
    const member = this.#members.get(memberId)
    if (member === undefined) throw new BrokerError('UNKNOWN_MEMBER_ID')
    if (generation !== this.#generation) throw new BrokerError('ILLEGAL_GENERATION')
    this.#renew(member)
    return member
  }

  #renew(member: Member): void {
    member.cancelSession()
    if (member.waiting !== null) return // G2
    member.cancelSession = this.#clock.after(member.sessionTimeoutMs, () => this.#remove(member))
  }

  #remove(member: Member): void {
    member.cancelSession()
    member.waiting?.reject(new BrokerError('UNKNOWN_MEMBER_ID'))
    this.#members.delete(member.memberId)
    if (this.#members.size > 0) this.rebalance()
    else this.#completeJoin()
  }

  /** Who has not joined is dropped; the others are the next generation. */
  #completeJoin(): void {
    if (this.#phase.name === 'PreparingRebalance') this.#phase.cancel()
    for (const member of this.members) {
      if (member.waiting !== null) continue
      member.cancelSession()
      this.#members.delete(member.memberId)
    }
    this.#generation += 1 // G1
    this.#phase = { name: this.#members.size === 0 ? 'Empty' : 'CompletingRebalance' }
    this.#assign()
    for (const member of this.members) {
      const { waiting, memberId } = member
      member.waiting = null
      this.#renew(member)
      waiting?.resolve({ kind: 'joined', memberId, generation: this.#generation })
    }
  }

  #assign(): void {
    const [first] = this.members
    if (first === undefined) return
    const claims = this.members.map(({ memberId, claim }) => ({ memberId, ...claim }))
    const assignment = assignSticky(this.#partitionCount(first.topic), claims)
    for (const member of this.members) member.assigned = assignment.get(member.memberId) ?? []
  }
}
