import { expect, test } from 'vitest'
import { ManualClock } from '../src/index.ts'

test('what is due on the way runs in order, at its own time, and nothing else', () => {
  const clock = new ManualClock()
  const start = clock.nowMs()
  const ran: [string, number][] = []
  const at = (name: string) => () => ran.push([name, clock.nowMs() - start])
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
  expect([clock.monotonicMs(), clock.nowMs() - start, clock.pending]).toEqual([30, 30, 1])
})

test('its wall clock jumps alone: what waits goes on waiting', () => {
  const clock = new ManualClock(1_000)
  clock.after(10, () => undefined)
  clock.jump(60_000)
  expect([clock.nowMs(), clock.monotonicMs(), clock.pending]).toEqual([61_000, 0, 1])
})
