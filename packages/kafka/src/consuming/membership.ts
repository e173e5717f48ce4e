/** A member of the group, in one generation of it. */
export interface Membership {
  readonly memberId: string
  readonly generation: number
}

export function isSame(one: Membership | null, other: Membership): boolean {
  return one?.memberId === other.memberId && one.generation === other.generation
}
