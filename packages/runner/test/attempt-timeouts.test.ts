import { VirtualClock } from '@towline/kafka/memory'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AttemptTimeouts } from '../src/attempt-timeouts.ts'

const TIMEOUT_MS = 100

/** Attempts that write down when they were told of their timeout. */
function timeoutsOf() {
  const clock = new VirtualClock()
  const timeouts = new AttemptTimeouts(TIMEOUT_MS, clock)
  const toldAtMs = new Map<string, number>()
  const attemptOf = (name: string) => ({
    onTimeout: () => {
      expect(toldAtMs.has(name)).toBe(false)
      toldAtMs.set(name, clock.monotonicMs())
    },
  })
  return { clock, timeouts, toldAtMs, attemptOf }
}

test('each attempt is told at its own timeout, though one timer serves them all', async () => {
  const { clock, timeouts, toldAtMs, attemptOf } = timeoutsOf()
  timeouts.begin(attemptOf('a'))
  await clock.advance(30)
  timeouts.begin(attemptOf('b'))
  timeouts.begin(attemptOf('c'))
  expect(clock.pending).toBe(1)
  await clock.advance(200)
  expect([...toldAtMs]).toEqual([
    ['a', 100],
    ['b', 130],
    ['c', 130],
  ])
  expect(clock.pending).toBe(0)
})

test('an attempt that began because another timed out has its whole time', async () => {
  const { clock, timeouts, toldAtMs, attemptOf } = timeoutsOf()
  timeouts.begin({ onTimeout: () => timeouts.begin(attemptOf('second')) })
  await clock.advance(50)
  timeouts.begin(attemptOf('between'))
  await clock.advance(1_000)
  expect([...toldAtMs]).toEqual([
    ['between', 150],
    ['second', 200],
  ])
})

test('what ended is never told, what did not is told in time, and nothing is left behind', async () => {
  const lives = fc.array(fc.record({ startsAfterMs: fc.nat(60), lastsMs: fc.nat(200) }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(lives, async (attempts) => {
      const { clock, timeouts, toldAtMs, attemptOf } = timeoutsOf()
      const expected = new Map<string, number>()
      for (const [index, { startsAfterMs, lastsMs }] of attempts.entries()) {
        await clock.advance(startsAfterMs)
        const timeout = timeouts.begin(attemptOf(String(index)))
        if (lastsMs < TIMEOUT_MS) clock.after(lastsMs, () => timeouts.end(timeout))
        else expected.set(String(index), clock.monotonicMs() + TIMEOUT_MS)
      }
      await clock.advance(1_000)
      expect([...toldAtMs]).toEqual([...expected])
      expect(clock.pending).toBe(0)
    }),
  )
})

test('once stopped it tells nobody, and leaves no timer', async () => {
  const { clock, timeouts, toldAtMs, attemptOf } = timeoutsOf()
  const first = timeouts.begin(attemptOf('a'))
  timeouts.begin(attemptOf('b'))
  timeouts.stop()
  expect(clock.pending).toBe(0)
  timeouts.end(first) // Its handler settles after all.
  await clock.advance(TIMEOUT_MS)
  expect(toldAtMs.size).toBe(0)
})
