import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lanes } from '../src/lanes.ts'

interface Item {
  readonly key: string
  readonly sequence: number
}

test('gives the tasks of one key out one at a time and in order', () => {
  const lanes = new Lanes<Item>()
  lanes.add(lanes.laneOf('a'), { key: 'a', sequence: 1 })
  lanes.add(lanes.laneOf('a'), { key: 'a', sequence: 2 })
  expect(lanes.take()?.sequence).toBe(1)
  expect(lanes.take()).toBeUndefined()
  lanes.release(lanes.laneOf('a'))
  expect(lanes.take()?.sequence).toBe(2)
})

test('gives the task of one key out of its turn, where that key is ready', () => {
  const lanes = new Lanes<Item>()
  for (const key of ['a', 'b', 'c']) lanes.add(lanes.laneOf(key), { key, sequence: 1 })
  lanes.add(lanes.laneOf('b'), { key: 'b', sequence: 2 })
  expect(lanes.peek()?.key).toBe('a')
  expect(lanes.takeFrom(lanes.laneOf('b'))).toEqual({ key: 'b', sequence: 1 })
  expect(lanes.takeFrom(lanes.laneOf('b'))).toBeUndefined()
  expect(lanes.takeFrom(lanes.laneOf('d'))).toBeUndefined()
  expect([lanes.take()?.key, lanes.take()?.key, lanes.hasReady]).toEqual(['a', 'c', false])
  lanes.release(lanes.laneOf('b'))
  expect(lanes.peek()).toEqual({ key: 'b', sequence: 2 })
})

test('takes turns among keys', () => {
  const lanes = new Lanes<Item>()
  for (let sequence = 0; sequence < 3; sequence += 1) lanes.add(lanes.laneOf('busy'), { key: 'busy', sequence })
  lanes.add(lanes.laneOf('quiet'), { key: 'quiet', sequence: 0 })
  expect(lanes.take()?.key).toBe('busy')
  lanes.release(lanes.laneOf('busy'))
  expect(lanes.take()?.key).toBe('quiet')
})

test('keeps a parked task at the head of its lane until it is woken', () => {
  const lanes = new Lanes<Item>()
  lanes.add(lanes.laneOf('a'), { key: 'a', sequence: 1 })
  lanes.add(lanes.laneOf('a'), { key: 'a', sequence: 2 })
  const first = lanes.take() as Item
  lanes.park(lanes.laneOf('a'), first)
  expect(lanes.hasReady).toBe(false)
  expect(lanes.take()).toBeUndefined()
  lanes.wake(lanes.laneOf('a'))
  expect(lanes.take()).toBe(first)
})

test('refuses to release a lane that has no task out', () => {
  const lanes = new Lanes<Item>()
  expect(() => lanes.release(lanes.laneOf('a'))).toThrow('lane a has no task out')
})

test('K1 and K2: whatever is added, taken, parked and released, a key runs one task at a time in order', () => {
  const operation = fc.record({
    kind: fc.constantFrom('add', 'take', 'release', 'park', 'wake'),
    key: fc.constantFrom('a', 'b', 'c'),
  })
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
      const lanes = new Lanes<Item>()
      const out = new Map<string, Item>()
      const parked = new Map<string, Item>()
      const done = new Map<string, number>()
      const added = new Map<string, number>()
      for (const { kind, key } of operations) {
        const item = out.get(key)
        if (kind === 'add') {
          const sequence = (added.get(key) ?? 0) + 1
          added.set(key, sequence)
          lanes.add(lanes.laneOf(key), { key, sequence })
        } else if (kind === 'take') {
          const taken = lanes.take()
          if (taken === undefined) continue
          expect(out.has(taken.key) || parked.has(taken.key)).toBe(false)
          expect(taken.sequence).toBe((done.get(taken.key) ?? 0) + 1)
          out.set(taken.key, taken)
        } else if (kind === 'release' && item !== undefined) {
          out.delete(key)
          done.set(key, item.sequence)
          lanes.release(lanes.laneOf(key))
        } else if (kind === 'park' && item !== undefined) {
          out.delete(key)
          parked.set(key, item)
          lanes.park(lanes.laneOf(key), item)
        } else if (kind === 'wake' && parked.delete(key)) {
          lanes.wake(lanes.laneOf(key))
        }
      }
      const unfinished = [...added].reduce((sum, [key, count]) => sum + count - (done.get(key) ?? 0), 0)
      expect(lanes.waiting).toBe(unfinished - out.size)
    }),
  )
})
