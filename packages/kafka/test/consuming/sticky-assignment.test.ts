import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assignSticky, type MemberClaim } from '../../src/consuming/sticky-assignment.ts'
import { decodeClaim, encodeClaim } from '../../src/kafkajs/assigner/member-claim.ts'

const claimsFor = (partitionCount: number): fc.Arbitrary<MemberClaim[]> =>
  fc.uniqueArray(
    fc.record({
      memberId: fc.string({ minLength: 1, maxLength: 6 }),
      generation: fc.integer({ min: -1, max: 3 }),
      owned: fc.uniqueArray(fc.integer({ min: -1, max: partitionCount + 2 }), { maxLength: partitionCount + 2 }),
    }),
    { selector: ({ memberId }) => memberId, minLength: 1, maxLength: 7 },
  )

const groups = fc
  .integer({ min: 0, max: 20 })
  .chain((partitionCount) =>
    fc.record({ partitionCount: fc.constant(partitionCount), claims: claimsFor(partitionCount) }),
  )

/** A group as an earlier assignment left it: every partition held by at most one member, in one generation. */
const settledGroups = fc
  .record({
    holders: fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 14 }),
    members: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ holders, members }) => ({
    partitionCount: holders.length,
    claims: Array.from({ length: members }, (_, member) => ({
      memberId: `member-${member}`,
      generation: 1,
      owned: holders.flatMap((holder, partition) => (holder === member ? [partition] : [])),
    })),
  }))

test('every partition is assigned to exactly one member, and every member has its part', () => {
  fc.assert(
    fc.property(groups, ({ partitionCount, claims }) => {
      const assignment = assignSticky(partitionCount, claims)
      const all = [...assignment.values()].flat().toSorted((a, b) => a - b)
      expect(all).toEqual(Array.from({ length: partitionCount }, (_, partition) => partition))
      expect([...assignment.keys()].toSorted()).toEqual(claims.map(({ memberId }) => memberId).toSorted())
      const sizes = [...assignment.values()].map(({ length }) => length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }),
  )
})

test('no balanced assignment keeps more partitions where they are', () => {
  fc.assert(
    fc.property(settledGroups, ({ partitionCount, claims }) => {
      const assignment = assignSticky(partitionCount, claims)
      const kept = claims.map(
        ({ memberId, owned }) => owned.filter((each) => assignment.get(memberId)?.includes(each)).length,
      )
      expect(kept.reduce((sum, each) => sum + each, 0)).toBe(mostThatCanStay(partitionCount, claims))
    }),
  )
})

/** Tries every way to give the larger shares to some of the members. */
function mostThatCanStay(partitionCount: number, claims: readonly MemberClaim[]): number {
  const share = Math.floor(partitionCount / claims.length)
  const larger = partitionCount % claims.length
  let most = 0
  for (let choice = 0; choice < 2 ** claims.length; choice += 1) {
    const chosen = claims.map((_, index) => (choice >> index) & 1)
    if (chosen.reduce((sum, each) => sum + each, 0) !== larger) continue
    const stay = claims.map(({ owned }, index) => Math.min(owned.length, share + (chosen[index] ?? 0)))
    most = Math.max(
      most,
      stay.reduce((sum, each) => sum + each, 0),
    )
  }
  return most
}

test('members in any order are assigned the same', () => {
  fc.assert(
    fc.property(groups, ({ partitionCount, claims }) => {
      const sorted = (assignment: ReadonlyMap<string, readonly number[]>) =>
        [...assignment].toSorted(([a], [b]) => (a < b ? -1 : 1))
      expect(sorted(assignSticky(partitionCount, claims.toReversed()))).toEqual(
        sorted(assignSticky(partitionCount, claims)),
      )
    }),
  )
})

test('of two claims for a partition the later generation holds', () => {
  const claims = [
    { memberId: 'a', generation: 4, owned: [0, 1] },
    { memberId: 'b', generation: 5, owned: [0] },
  ]
  expect(assignSticky(2, claims)).toEqual(
    new Map([
      ['a', [1]],
      ['b', [0]],
    ]),
  )
})

test('a claim survives its encoding', () => {
  const claims = fc.record({
    generation: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
    capacity: fc.integer({ min: 0, max: 65_535 }),
    owned: fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 })),
  })
  fc.assert(
    fc.property(claims, (claim) => {
      expect(decodeClaim(encodeClaim(claim))).toEqual(claim)
    }),
  )
})

test('an unknown version, and anything else that is not a claim, owns nothing', () => {
  const nothing = { generation: -1, capacity: 0, owned: [] }
  const claim = encodeClaim({ generation: 1, capacity: 0, owned: [1, 2] })
  claim.writeUInt8(2, 0)
  expect(decodeClaim(claim)).toEqual(nothing)
  expect(decodeClaim(null)).toEqual(nothing)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      expect(() => decodeClaim(Buffer.from(bytes))).not.toThrow()
    }),
  )
})
