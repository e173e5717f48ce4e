import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Turns } from '../src/turns.ts'

test('who has had a turn goes to the end, who waits keeps its place, who leaves is gone until it comes again', () => {
  const turns = new Turns<string>()
  for (const member of ['a', 'b', 'c', 'd']) turns.add(member)
  turns.add('a')
  turns.round((member) => (member === 'b' ? 'waits' : member === 'c' ? 'leaves' : 'taken'))
  expect([...turns]).toEqual(['b', 'a', 'd'])
  expect(turns.size).toBe(3)
  turns.add('c')
  expect([...turns]).toEqual(['b', 'a', 'd', 'c'])
})

test('who comes during a round is offered none in it', () => {
  const turns = new Turns<string>()
  turns.add('a')
  const offered: string[] = []
  const offer = (member: string) => {
    offered.push(member)
    turns.add('late')
    return 'taken' as const
  }
  turns.round(offer)
  expect(offered).toEqual(['a'])
  turns.round(offer)
  expect(offered).toEqual(['a', 'late', 'a'])
})

test('a round that ends in an error loses nobody', () => {
  const turns = new Turns<string>()
  for (const member of ['a', 'b', 'c', 'd']) turns.add(member)
  const offer = (member: string) => {
    if (member === 'c') throw new Error('a defect')
    return member === 'a' ? ('taken' as const) : ('waits' as const)
  }
  expect(() => turns.round(offer)).toThrow('a defect')
  expect([...turns]).toEqual(['b', 'c', 'd', 'a'])
})

test('as long as all have work, nobody has had a turn more than one oftener than anybody else', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat(12), { maxLength: 30 }), (members, permits) => {
      const turns = new Turns<number>()
      const had = Array.from({ length: members }, () => 0)
      for (const member of had.keys()) turns.add(member)
      for (const permitted of permits) {
        let left = permitted
        turns.round((member) => {
          if (left === 0) return 'waits'
          left -= 1
          had[member] = (had[member] ?? 0) + 1
          return 'taken'
        })
      }
      expect(Math.max(...had) - Math.min(...had)).toBeLessThanOrEqual(1)
    }),
  )
})
