import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Admitted, SentLedger, totals } from '../src/sent-ledger.ts'

function ledger(from: number, to: number): SentLedger {
  return new SentLedger([{ partition: 0, from, to, next: from, records: 0, lost: 0 }])
}

function nextOf(of: SentLedger): number {
  return of.progress()[0]?.next ?? -1
}

test('holds at the first record without an acknowledgement, whatever is acknowledged behind it', () => {
  const sent = ledger(10, 20)
  const [first, second, third] = [10, 12, 15].map((offset) => sent.admit(0, offset)) as [Admitted, Admitted, Admitted]
  sent.settle(third)
  sent.settle(second)
  expect(nextOf(sent)).toBe(10)
  expect(sent.settledCount).toBe(2)
  expect(sent.belowNextCount).toBe(0)
  sent.settle(first)
  expect(nextOf(sent)).toBe(16)
  expect(sent.belowNextCount).toBe(3)
})

test('what does not match moves it on, but never past what is on its way', () => {
  const sent = ledger(0, 100)
  sent.read(0, 40)
  expect(nextOf(sent)).toBe(40)
  const admitted = sent.admit(0, 41)
  sent.read(0, 100)
  expect(nextOf(sent)).toBe(41)
  expect(sent.isDone).toBe(false)
  sent.settle(admitted)
  expect(nextOf(sent)).toBe(100)
  expect(sent.isDone).toBe(true)
})

test('goes on from a checkpoint with what it says', () => {
  const sent = new SentLedger([
    { partition: 0, from: 0, to: 100, next: 60, records: 25, lost: 5 },
    { partition: 3, from: 0, to: 10, next: 10, records: 10, lost: 0 },
  ])
  expect(sent.settledCount).toBe(35)
  expect(sent.unread()).toEqual([{ partition: 0, from: 60, to: 100 }])
  sent.settle(sent.admit(0, 77))
  expect(totals(sent.progress())).toEqual({ records: 36, lost: 5 })
})

test('counts what was deleted before it was read, and only that', () => {
  const sent = ledger(0, 100)
  const admitted = sent.admit(0, 3)
  sent.skip(0, 50)
  expect(sent.lostCount).toBe(46)
  expect(nextOf(sent)).toBe(3)
  sent.settle(admitted)
  expect(nextOf(sent)).toBe(50)
  sent.skip(0, 999)
  expect(sent.lostCount).toBe(96)
  expect(sent.isDone).toBe(true)
})

test('a partition that is not part of the replay is a defect', () => {
  expect(() => ledger(0, 1).admit(7, 0)).toThrow(RangeError)
})

describe('for any order of acknowledgements', () => {
  const history = fc
    .uniqueArray(fc.nat(400), { minLength: 1, maxLength: 200 })
    .chain((offsets) => fc.tuple(fc.constant(offsets.toSorted((a, b) => a - b)), fc.shuffledSubarray(offsets)))

  test('L1, L2: next is the lowest record without an acknowledgement and never moves back', () => {
    fc.assert(
      fc.property(history, ([offsets, acknowledged]) => {
        const sent = ledger(0, 500)
        const admitted = new Map(offsets.map((offset) => [offset, sent.admit(0, offset)]))
        const open = new Set(offsets)
        let before = 0
        for (const offset of acknowledged) {
          sent.settle(admitted.get(offset) as Admitted)
          open.delete(offset)
          const next = nextOf(sent)
          expect(next).toBe(open.size === 0 ? (offsets.at(-1) ?? 0) + 1 : Math.min(...open))
          expect(next).toBeGreaterThanOrEqual(before)
          expect(sent.belowNextCount).toBe(offsets.filter((other) => other < next).length)
          before = next
        }
        expect(sent.settledCount).toBe(acknowledged.length)
        expect(sent.admittedCount).toBe(offsets.length)
      }),
    )
  })
})
