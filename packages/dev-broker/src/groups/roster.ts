// Who is in a group: its members, the newcomers that were told their id and have not come back, and what they agreed on.

import { type JoinRequest, type Member, type MemberProtocol, NO_BYTES, refuseWaiting, renew } from './member.ts'
import { commonProtocols, electProtocol } from './protocol-vote.ts'

export class Roster {
  readonly #members = new Map<string, Member>()
  /** Ids given out (MEMBER_ID_REQUIRED) → when they lapse. */
  readonly #announced = new Map<string, number>()
  #leaderId = ''
  #protocolType = ''
  #protocol = ''

  get members(): readonly Member[] {
    return [...this.#members.values()]
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  /** Empty before the first join. */
  get leaderId(): string {
    return this.#leaderId
  }

  get protocolType(): string {
    return this.#protocolType
  }

  /** Empty while none is elected. */
  get protocol(): string {
    return this.#protocol
  }

  /** Every member waits for the join to complete and no newcomer is expected; or nobody is left to wait for. */
  get isGathered(): boolean {
    if (this.isEmpty) return true
    return this.#announced.size === 0 && this.members.every((member) => member.waiting?.for === 'join')
  }

  get longestRebalanceTimeoutMs(): number {
    return Math.max(0, ...this.members.map((member) => member.rebalanceTimeoutMs))
  }

  find(memberId: string): Member | undefined {
    return this.#members.get(memberId)
  }

  announce(memberId: string, lapsesAtMs: number): void {
    this.#announced.set(memberId, lapsesAtMs)
  }

  /** Whether `memberId` was announced; it no longer is. */
  takeAnnounced(memberId: string): boolean {
    return this.#announced.delete(memberId)
  }

  dropLapsed(nowMs: number): void {
    for (const [id, lapsesAtMs] of this.#announced) if (lapsesAtMs <= nowMs) this.#announced.delete(id)
  }

  /** Whether the others would still have a protocol in common with whoever sends `request`. */
  canSpeakWith(request: JoinRequest): boolean {
    if (request.protocolType === '' || request.protocols.length === 0) return false
    const others = this.members.filter((member) => member.id !== request.memberId)
    if (others.length === 0) return true
    if (request.protocolType !== this.#protocolType) return false
    return commonProtocols([request.protocols, ...others.map((member) => member.protocols)]).length > 0
  }

  add(memberId: string, { clientId, clientHost }: JoinRequest): Member {
    const member: Member = {
      id: memberId,
      clientId,
      clientHost,
      sessionTimeoutMs: 0,
      rebalanceTimeoutMs: 0,
      protocols: [],
      assignment: NO_BYTES,
      expiresAtMs: 0,
      waiting: null,
    }
    this.#members.set(memberId, member)
    return member
  }

  /** Takes over what a member's latest join says of it. */
  update(member: Member, request: JoinRequest, nowMs: number): void {
    // A view would keep the whole request alive.
    const own = ({ name, metadata }: MemberProtocol): MemberProtocol => ({ name, metadata: Buffer.from(metadata) })
    member.protocols = request.protocols.map(own)
    member.sessionTimeoutMs = request.sessionTimeoutMs
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    this.#protocolType = request.protocolType
    renew(member, nowMs)
  }

  /** Whatever the member waits for is refused with `errorCode`. */
  remove(member: Member, errorCode: number): void {
    this.#members.delete(member.id)
    refuseWaiting(member, errorCode)
  }

  /** Settles on the members that wait for the join: the others are out. Who has been in for longest leads. */
  settle(): void {
    for (const member of this.members) if (member.waiting?.for !== 'join') this.#members.delete(member.id)
    this.#protocol = electProtocol(this.members.map((member) => member.protocols)) ?? ''
    this.#leaderId = this.members[0]?.id ?? ''
  }

  metadataOf(member: Member): Buffer {
    return member.protocols.find((protocol) => protocol.name === this.#protocol)?.metadata ?? NO_BYTES
  }

  clear(errorCode: number): void {
    for (const member of this.members) this.remove(member, errorCode)
    this.#announced.clear()
  }
}
