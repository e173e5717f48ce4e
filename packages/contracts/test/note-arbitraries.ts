import type { CommitNote, UnfinishedOffset } from '@towline/contracts'
import fc from 'fast-check'

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })

/** Everything of a note but its offsets. */
export const noteHeads = fc.record({
  clean: fc.boolean(),
  owner: u32,
  base: fc.oneof(fc.nat(1_000), fc.integer({ min: 0, max: 2 ** 53 - 2 ** 40 })),
  hash: u32,
  hashIsBelowBase: fc.boolean(),
})

/** What stands before the next unfinished offset: mostly near, sometimes far. */
const gaps = fc.oneof(
  { weight: 8, arbitrary: fc.nat(3) },
  { weight: 2, arbitrary: fc.nat(300) },
  { weight: 1, arbitrary: fc.nat(2 ** 30) },
)

const states = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ attempts: 0, deliveries: 0, started: false }) },
  { weight: 1, arbitrary: fc.record({ attempts: fc.nat(40), deliveries: fc.nat(20), started: fc.boolean() }) },
)

const entries = fc.array(fc.tuple(gaps, states), { maxLength: 300, size: 'max' })

/** Notes that fit, of every shape: empty, sparse, dense, with states beyond their end. */
export const notes: fc.Arbitrary<CommitNote> = fc
  .tuple(noteHeads, entries, fc.nat(400), fc.boolean())
  .map(([head, parts, rest, endsEarly]) => {
    let next = head.base
    const unfinished = parts.map(([gap, state]): UnfinishedOffset => {
      const offset = next + gap
      next = offset + 1
      return { offset, ...state }
    })
    const end = endsEarly ? head.base + Math.floor((next - head.base) / 2) : next + rest
    // From the end on, only what has a state is listed.
    return { ...head, end, unfinished: unfinished.filter((entry) => entry.offset < end || isMarked(entry)) }
  })

export function isMarked({ attempts, deliveries, started }: UnfinishedOffset): boolean {
  return attempts > 0 || deliveries > 0 || started
}
