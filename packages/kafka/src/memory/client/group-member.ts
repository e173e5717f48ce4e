import type { ResolvedConsumerOptions } from '../../consuming/consumer-defaults.ts'
import type { Membership } from '../../consuming/membership.ts'
import type { Session } from '../../consuming/session.ts'
import { errorTypeOf, isPassing } from '../broker/broker-error.ts'
import type { JoinAnswer, JoinRequest } from '../broker/group.ts'
import type { ClusterState, Link } from './link.ts'

export interface GroupMemberContext {
  readonly link: Link
  readonly cluster: ClusterState
  readonly options: ResolvedConsumerOptions
  readonly session: Session
  holding(): JoinRequest['claim']
  isLive(): boolean
  /** It is about to join, for the first time or again. */
  onJoining(): void
  /** The id under which the group may count it, or null once it does not. */
  onMember(memberId: string | null): void
  onJoined(member: Membership, partitions: readonly number[]): void
  onProof(): void
  /** The coordinator no longer knows the member. */
  onExpelled(): void
  /** The coordinator said what will not pass. */
  onFailure(error: unknown): void
}

const FIRST_RETRY_MS = 200
const LONGEST_RETRY_MS = 3_000
/** A member that cannot say that it leaves is missed after its session. */
const LEAVE_BUDGET_MS = 2_000

/** Belongs to a group: joins, beats, joins again when it is told to, leaves. */
export class GroupMember {
  readonly #context: GroupMemberContext
  /** As the group may count it; '' without one. */
  #memberId = ''
  #current: Membership | null = null
  #joining: Promise<void> | null = null
  #endRest: () => void = () => {}

  constructor(context: GroupMemberContext) {
    this.#context = context
  }

  /** Runs until the consumer is not live any more. Never rejects. */
  async run(): Promise<void> {
    const { isLive, onFailure } = this.#context
    try {
      while (isLive()) {
        this.#joining = this.#join()
        await this.#joining
        await this.#beat()
      }
    } catch (error) {
      onFailure(error)
    }
  }

  /** The coordinator confirmed it, in answer to a request of `sentAtMs`. */
  proved(member: Membership, sentAtMs: number): void {
    if (this.#context.session.renew(member, sentAtMs)) this.#context.onProof()
  }

  expelled(member: Membership): void {
    if (this.#memberId !== member.memberId) return
    this.#forget()
    this.#context.onExpelled()
    this.#endRest()
  }

  /** Waits for a join under way, then leaves. */
  async leave(): Promise<void> {
    this.#endRest()
    await this.#joining?.catch(() => undefined)
    const memberId = this.#memberId
    if (memberId === '') return
    const { link, cluster, options } = this.#context
    const leave = (): Promise<void> =>
      link.call('LeaveGroup', () => cluster.coordinator.find(options.groupId)?.leave(memberId))
    await link.retrying(leave, { budgetMs: LEAVE_BUDGET_MS }).catch(() => undefined)
    this.#forget()
  }

  /** Resolves when it has joined, or is not to any more. @throws BrokerError what will not pass */
  async #join(): Promise<void> {
    const { isLive, link, onJoining } = this.#context
    onJoining()
    for (let waitMs = FIRST_RETRY_MS; isLive(); ) {
      try {
        return await this.#joinOnce()
      } catch (error) {
        switch (errorTypeOf(error)) {
          case 'UNKNOWN_MEMBER_ID':
            this.expelled({ memberId: this.#memberId, generation: -1 })
            break
          case 'REBALANCE_IN_PROGRESS':
          case 'ILLEGAL_GENERATION':
            break
          default:
            if (!isPassing(error)) throw error
            await link.wait(waitMs)
            waitMs = Math.min(LONGEST_RETRY_MS, waitMs * 2)
        }
      }
    }
  }

  async #joinOnce(): Promise<void> {
    const { link, cluster, options, session, isLive, onMember, onJoined } = this.#context
    if (this.#memberId === '') {
      const announced = await link.call('JoinGroup', () => this.#request())
      this.#memberId = announced.memberId
      onMember(announced.memberId)
    }
    const joined = await link.call('JoinGroup', () => this.#request())
    if (joined.kind !== 'joined' || !isLive()) return
    const { memberId, generation } = joined
    const member = { memberId, generation }
    const sentAtMs = link.clock.monotonicMs()
    const partitions = await link.call('SyncGroup', () =>
      cluster.coordinator.require(options.groupId).sync(memberId, generation),
    )
    if (!isLive()) return
    this.#current = member
    session.synced(member, sentAtMs)
    session.joinedAs(memberId)
    onJoined(member, partitions)
  }

  #request(): JoinAnswer | Promise<JoinAnswer> {
    const { link, cluster, options, holding } = this.#context
    const { groupId, topic, sessionTimeoutMs, rebalanceTimeoutMs } = options
    return cluster.coordinator.join(groupId, {
      memberId: this.#memberId,
      clientId: link.clientId,
      topic,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      claim: holding(),
    })
  }

  /** Returns when the member has to join again. @throws BrokerError what will not pass */
  async #beat(): Promise<void> {
    const { isLive, link, cluster, options } = this.#context
    for (let member = this.#current; member !== null && isLive(); member = this.#current) {
      await this.#rest(options.heartbeatIntervalMs)
      if (!isLive() || this.#current === null) return
      const { memberId, generation } = member
      const sentAtMs = link.clock.monotonicMs()
      try {
        await link.call('Heartbeat', () => cluster.coordinator.require(options.groupId).heartbeat(memberId, generation))
        this.proved(member, sentAtMs)
      } catch (error) {
        switch (errorTypeOf(error)) {
          case 'UNKNOWN_MEMBER_ID':
            return this.expelled(member)
          case 'REBALANCE_IN_PROGRESS':
          case 'ILLEGAL_GENERATION':
            return
          default:
            if (!isPassing(error)) throw error
        }
      }
    }
  }

  async #rest(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#context.link.clock.after(ms, resolve)
      this.#endRest = () => {
        cancel()
        resolve()
      }
    })
  }

  #forget(): void {
    this.#current = null
    if (this.#memberId === '') return
    this.#memberId = ''
    this.#context.onMember(null)
  }
}
