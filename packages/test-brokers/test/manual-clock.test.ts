import { expect, test } from 'vitest'
import { ManualClock } from '../src/index.ts'

test('what is due on the way runs in order, at its own time, and nothing else', () => {
  const clock = new ManualClock()
  const start = clock.nowMs()
  const ran: [string, number][] = []
  const at = (name: string) => () => ran.push([name, clock.monotonicMs() - start])
  clock.after(20, at('b'))
  clock.after(10, () => {
    at('a')()
    clock.after(5, at('a5'))
  })
  const cancel = clock.after(15, at('cancelled'))
  clock.after(31, at('later'))
  cancel()
  clock.advance(30)
  expect(ran).toEqual([
    ['a', 10],
    ['a5', 15],
    ['b', 20],
  ])
  expect(clock.nowMs() - start).toBe(30)
})
