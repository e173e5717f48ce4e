import { ManualClock } from '@towline/test-brokers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Pace } from '../src/pace.ts'

/** The moments at which `count` calls went through while each took `workMs`. */
async function turns(ratePerSecond: number, count: number, workMs: (n: number) => number): Promise<number[]> {
  const clock = new ManualClock()
  const pace = new Pace(ratePerSecond, clock)
  const atMs: number[] = []
  for (let n = 0; n < count; n += 1) {
    const turn = pace.turn()
    clock.advance(clock.pending > 0 ? 10_000 : 0)
    await turn
    atMs.push(clock.monotonicMs())
    clock.advance(workMs(n))
  }
  return atMs
}

describe('a rate per second', () => {
  test('spaces calls evenly', async () => {
    const clock = new ManualClock()
    const pace = new Pace(4, clock)
    const atMs: number[] = []
    const caller = (async () => {
      for (let n = 0; n < 5; n += 1) {
        await pace.turn()
        atMs.push(clock.monotonicMs())
      }
    })()
    while (atMs.length < 5) {
      clock.advance(1)
      await new Promise(setImmediate)
    }
    await caller
    expect(atMs.map((ms) => Math.round(ms / 10) * 10)).toEqual([0, 250, 500, 750, 1_000])
  })

  test('is not made up for when calls were slower than it, but for a tenth of a second', async () => {
    const atMs = await turns(100, 50, (n) => (n === 10 ? 60_000 : 0))
    const afterThePause = atMs.filter((ms) => ms > 60_000)
    expect(afterThePause.filter((ms) => ms === afterThePause[0]).length).toBeLessThanOrEqual(11)
  })

  test.each([0, -1, Number.NaN])('of %d is refused', (rate) => {
    expect(() => new Pace(rate, new ManualClock())).toThrow(expect.objectContaining({ code: 'TOWLINE_OPTION_INVALID' }))
  })

  test('without one nobody waits', async () => {
    const clock = new ManualClock()
    const pace = new Pace(undefined, clock)
    for (let n = 0; n < 1_000; n += 1) await pace.turn()
    expect(clock.monotonicMs()).toBe(0)
  })

  test('an abort ends the wait at once and leaves no timer and no listener behind', async () => {
    const clock = new ManualClock()
    const pace = new Pace(0.001, clock)
    const controller = new AbortController()
    await pace.turn(controller.signal)
    const waiting = pace.turn(controller.signal)
    expect(clock.pending).toBe(1)
    controller.abort()
    await waiting
    expect(clock.pending).toBe(0)
    await pace.turn(controller.signal)
    expect(clock.pending).toBe(0)
  })
})

test('no second ever sees more calls than the rate and a tenth, whatever the calls take', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 500 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 20 }),
      async (rate, works) => {
        const clock = new ManualClock()
        const pace = new Pace(rate, clock)
        const atMs: number[] = []
        for (let n = 0; n < 200; n += 1) {
          const turn = pace.turn()
          while (clock.pending > 0) clock.advance(0.5)
          await turn
          atMs.push(clock.monotonicMs())
          clock.advance(works[n % works.length] ?? 0)
        }
        for (const from of atMs) {
          const seen = atMs.filter((ms) => ms >= from && ms < from + 1_000).length
          expect(seen).toBeLessThanOrEqual(rate * 1.1 + 1)
        }
      },
    ),
    { numRuns: 50 },
  ))
