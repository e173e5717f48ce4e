/** What a member says it holds when it joins. */
export interface MemberClaim {
  readonly memberId: string
  /** The generation in which it held `owned`; of two that claim one partition the later generation is right. */
  readonly generation: number
  readonly owned: readonly number[]
}

/**
 * Assigns partitions `0 … partitionCount − 1`: each to one member, sizes that differ by at most one, and of all such
 * assignments one that moves the fewest partitions. Pure; the same claims in any order give the same answer.
 */
export function assignSticky(
  partitionCount: number,
  claims: readonly MemberClaim[],
): ReadonlyMap<string, readonly number[]> {
  if (claims.length === 0) return new Map()
  const held = settleClaims(partitionCount, claims)
  const members = [...held.keys()].toSorted((a, b) => sizeOf(held, b) - sizeOf(held, a) || (a < b ? -1 : 1))

  // Who holds the most keeps the larger share: every other choice would move one partition more.
  const share = Math.floor(partitionCount / members.length)
  const larger = partitionCount % members.length
  const assignment = new Map<string, number[]>()
  for (const [index, member] of members.entries()) {
    assignment.set(member, (held.get(member) ?? []).slice(0, share + (index < larger ? 1 : 0)))
  }

  const free = partitionsWithout(partitionCount, assignment)
  for (const [index, member] of members.entries()) {
    const mine = assignment.get(member) ?? []
    mine.push(...free.splice(0, share + (index < larger ? 1 : 0) - mine.length))
    mine.sort((a, b) => a - b)
  }
  return assignment
}

/** Gives every claimed partition to one claimant; claims for partitions that do not exist are dropped. */
function settleClaims(partitionCount: number, claims: readonly MemberClaim[]): Map<string, number[]> {
  const winners = new Map<number, MemberClaim>()
  for (const claim of claims) {
    for (const partition of claim.owned) {
      const isPartition = Number.isInteger(partition) && partition >= 0 && partition < partitionCount
      if (isPartition && isStronger(claim, winners.get(partition))) winners.set(partition, claim)
    }
  }
  const held = new Map<string, number[]>(claims.map(({ memberId }) => [memberId, []]))
  for (const partition of [...winners.keys()].toSorted((a, b) => a - b)) {
    held.get(winners.get(partition)?.memberId ?? '')?.push(partition)
  }
  return held
}

function isStronger(claim: MemberClaim, than: MemberClaim | undefined): boolean {
  if (than === undefined) return true
  return claim.generation === than.generation ? claim.memberId < than.memberId : claim.generation > than.generation
}

function partitionsWithout(partitionCount: number, assignment: ReadonlyMap<string, readonly number[]>): number[] {
  const taken = new Set([...assignment.values()].flat())
  return Array.from({ length: partitionCount }, (_, partition) => partition).filter(
    (partition) => !taken.has(partition),
  )
}

function sizeOf(held: ReadonlyMap<string, readonly number[]>, member: string): number {
  return held.get(member)?.length ?? 0
}
