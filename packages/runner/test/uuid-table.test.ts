import { idOfChild, newTaskId } from '@towline/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UuidTable } from '../src/uuid-table.ts'

/** What the table is to do, with a Map in insertion order. */
class Model {
  readonly #numbers = new Map<string, number>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#numbers.size
  }

  get(id: string): number {
    return this.#numbers.get(id) ?? 0
  }

  raise(id: string, number: number): void {
    if (!this.#numbers.has(id) && this.#numbers.size === this.#capacity) {
      this.#numbers.delete(this.#numbers.keys().next().value as string)
    }
    this.#numbers.set(id, Math.max(number, this.get(id)))
  }
}

const HEX = '0123456789abcdef'
/** Ids that differ in one digit, wherever it stands, and ids of every kind Towline makes. */
const ids = fc.oneof(
  fc.tuple(fc.nat(31), fc.nat(15)).map(([at, digit]) => {
    const digits = [...'00000000000000000000000000000000']
    digits[at] = HEX[digit] as string
    return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  }),
  fc.nat(50).map((n) => newTaskId(1_700_000_000_000 + n)),
  fc.nat(50).map((n) => idOfChild('parent', n)),
  fc.uuid(),
)

test('U1 and U2: whatever comes in, it knows what a map of the newest ids knows', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.tuple(ids, fc.integer({ min: 1, max: 9 }))),
      (capacity, raises) => {
        const [table, model] = [new UuidTable(capacity), new Model(capacity)]
        for (const [id, number] of raises) {
          table.raise(id, number)
          model.raise(id, number)
          expect(table.size).toBe(model.size)
          for (const [asked] of raises) expect(table.get(asked)).toBe(model.get(asked))
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('keeps ten thousand of a hundred thousand ids, the newest', () => {
  const table = new UuidTable(10_000)
  const all = Array.from({ length: 100_000 }, (_, n) => newTaskId(1_700_000_000_000 + n))
  for (const [n, id] of all.entries()) table.raise(id, n + 1)
  expect(table.size).toBe(10_000)
  const known = all.map((id) => table.get(id))
  expect(known.slice(0, 90_000).every((number) => number === 0)).toBe(true)
  expect(known.slice(90_000)).toEqual(Array.from({ length: 10_000 }, (_, n) => 90_001 + n))
})
