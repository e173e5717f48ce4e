import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EndIndex } from '../src/results/end-index.ts'

test('the first end of a task counts', () => {
  const index = new EndIndex(5, 10)
  index.add('a', 5)
  index.add('a', 9)
  expect(index.offsetOf('a')).toBe(5)
  expect(index.offsetOf('b')).toBeUndefined()
})

test('whatever is read, a task with a record since `from` is found no later than its first there', () => {
  const tasks = fc.array(fc.nat({ max: 12 }), { maxLength: 100 })
  fc.assert(
    fc.property(tasks, fc.integer({ min: 1, max: 8 }), (ids, maxEntries) => {
      const index = new EndIndex(0, maxEntries)
      for (const [offset, id] of ids.entries()) index.add(`${id}`, offset)
      for (let id = 0; id <= 12; id += 1) {
        const firstSince = ids.findIndex((other, offset) => other === id && offset >= index.from)
        if (firstSince !== -1) expect(index.offsetOf(`${id}`)).toBeLessThanOrEqual(firstSince)
      }
    }),
  )
})

test('it holds the latest tasks, no more than its bound', () => {
  const index = new EndIndex(0, 3)
  for (let offset = 0; offset < 10; offset += 1) index.add(`${offset}`, offset)
  const held = Array.from({ length: 10 }, (_, id) => index.offsetOf(`${id}`))
  expect(held.filter((offset) => offset !== undefined)).toEqual([7, 8, 9])
  expect(index.from).toBe(7)
})
