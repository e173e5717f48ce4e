export interface MemberProtocol {
  readonly name: string
  readonly metadata: Buffer
}

/** What a JoinGroup asks, whatever its version. */
export interface JoinRequest {
  readonly memberId: string
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  /** In the member's order of preference. */
  readonly protocols: readonly MemberProtocol[]
  /** From JoinGroup 4 on a newcomer is first given its id and must come again with it (KIP-394). */
  readonly mustKnowItsId: boolean
}

export interface JoinReply {
  readonly errorCode: number
  readonly generationId: number
  readonly protocolName: string
  readonly leader: string
  readonly memberId: string
  /** Everybody, for the leader; nobody, for the others. */
  readonly members: readonly { readonly memberId: string; readonly metadata: Buffer }[]
}

export interface SyncReply {
  readonly errorCode: number
  readonly assignment: Buffer
}

/** A request the member has open and that the coordinator will answer later. */
export type Waiting =
  | { readonly for: 'join'; readonly answer: (reply: JoinReply) => void }
  | { readonly for: 'sync'; readonly answer: (reply: SyncReply) => void }

export interface Member {
  readonly id: string
  readonly clientId: string
  readonly clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocols: readonly MemberProtocol[]
  assignment: Buffer
  /** When its session ends, unless it is heard of, or is waiting for an answer of ours. */
  expiresAtMs: number
  waiting: Waiting | null
}

export const NO_BYTES: Buffer = Buffer.alloc(0)

export function joinRefusal(errorCode: number, memberId: string): JoinReply {
  return { errorCode, generationId: -1, protocolName: '', leader: '', memberId, members: [] }
}

export function syncRefusal(errorCode: number): SyncReply {
  return { errorCode, assignment: NO_BYTES }
}

export function sameProtocols(left: readonly MemberProtocol[], right: readonly MemberProtocol[]): boolean {
  return (
    left.length === right.length &&
    left.every((protocol, i) => {
      const other = right[i]
      return other !== undefined && protocol.name === other.name && protocol.metadata.equals(other.metadata)
    })
  )
}

export function renew(member: Member, nowMs: number): void {
  member.expiresAtMs = nowMs + member.sessionTimeoutMs
}

export function answerJoin(member: Member, reply: JoinReply): void {
  const { waiting } = member
  if (waiting?.for !== 'join') return
  member.waiting = null
  waiting.answer(reply)
}

export function answerSync(member: Member, reply: SyncReply): void {
  const { waiting } = member
  if (waiting?.for !== 'sync') return
  member.waiting = null
  waiting.answer(reply)
}

export function refuseWaiting(member: Member, errorCode: number): void {
  answerJoin(member, joinRefusal(errorCode, member.id))
  answerSync(member, syncRefusal(errorCode))
}
