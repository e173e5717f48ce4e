import type { GroupMembership } from '@towline/runner'

/** The group memberships of one process, as it tells of them. */
export class Memberships {
  readonly #held = new Map<string, GroupMembership>()

  joining(membership: GroupMembership): void {
    this.#held.set(keyOf(membership), membership)
  }

  left(membership: GroupMembership): void {
    this.#held.delete(keyOf(membership))
  }

  /** Those that groups may count still. */
  held(): readonly GroupMembership[] {
    return [...this.#held.values()]
  }
}

function keyOf({ groupId, memberId }: GroupMembership): string {
  return JSON.stringify([groupId, memberId])
}
