import { ProcessClock, settle, VirtualClock } from '@towline/kafka/memory'
import fc from 'fast-check'
import { expect, test } from 'vitest'

function ticking(clock: Pick<VirtualClock, 'after' | 'monotonicMs'>): string[] {
  const ran: string[] = []
  for (const [name, delayMs] of [
    ['late', 30],
    ['early', 10],
    ['next', 10],
    ['now', 0],
  ] as const) {
    clock.after(delayMs, () => ran.push(`${name} at ${clock.monotonicMs()}`))
  }
  return ran
}

test('timers run at their moments, and those of one moment in the order they were set', async () => {
  const clock = new VirtualClock()
  const ran = ticking(clock)
  await clock.advance(20)
  expect(ran).toEqual(['now at 0', 'early at 10', 'next at 10'])
  expect([clock.monotonicMs(), clock.pending]).toEqual([20, 1])
  await clock.advance(10)
  expect(ran.at(-1)).toBe('late at 30')
})

test('a seeded pick orders the timers of one moment', async () => {
  const clock = new VirtualClock({ pick: (among) => among - 1 })
  const ran = ticking(clock)
  await clock.advance(20)
  expect(ran).toEqual(['now at 0', 'next at 10', 'early at 10'])
})

test('no timer runs before its time or out of order, whatever is set and cancelled on the way', async () => {
  const timers = fc.array(fc.record({ delayMs: fc.nat(50), isCancelled: fc.boolean(), again: fc.nat(20) }))
  await fc.assert(
    fc.asyncProperty(timers, fc.array(fc.nat(40)), async (set, steps) => {
      const clock = new VirtualClock()
      const ran: number[] = []
      let left = 0
      const schedule = (delayMs: number, then: () => void): (() => void) => {
        const dueMs = clock.monotonicMs() + delayMs
        left += 1
        return clock.after(delayMs, () => {
          left -= 1
          expect(clock.monotonicMs()).toBe(dueMs)
          ran.push(dueMs)
          then()
        })
      }
      for (const { delayMs, isCancelled, again } of set) {
        const cancel = schedule(delayMs, () => schedule(again, () => {}))
        if (!isCancelled) continue
        cancel()
        left -= 1
      }
      for (const step of steps) await clock.advance(step)
      await clock.advance(100)
      expect(ran).toEqual(ran.toSorted((a, b) => a - b))
      expect([left, clock.pending]).toEqual([0, 0])
    }),
  )
})

test('between two timers every promise and immediate settles, however long the chain', async () => {
  const clock = new VirtualClock()
  const told: string[] = []
  clock.after(5, () => {
    void (async () => {
      for (let turn = 0; turn < 50; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
      told.push(`chain ended at ${clock.monotonicMs()}`)
    })()
  })
  clock.after(6, () => told.push('the next timer'))
  await clock.advance(10)
  expect(told).toEqual(['chain ended at 5', 'the next timer'])
})

test('a jump moves the wall clock alone', async () => {
  const clock = new VirtualClock({ startAtMs: 1_000_000 })
  await clock.advance(10)
  clock.jump(-500_000)
  expect([clock.nowMs(), clock.monotonicMs()]).toEqual([500_010, 10])
})

test('waiting for what does not come about says so', async () => {
  const clock = new VirtualClock()
  let beats = 0
  const beat = (): void => {
    beats += 1
    clock.after(100, beat)
  }
  beat()
  expect(await clock.advanceUntil(() => beats === 6, 10_000)).toBe(500)
  await expect(clock.advanceUntil(() => beats === 1_000, 10_000)).rejects.toThrow(/not within 10000 ms of virtual time/)
})

test('a frozen process runs no timer, and what is overdue when it goes on', async () => {
  const machine = new VirtualClock()
  const process = new ProcessClock(machine)
  const ran = ticking(process)
  process.freeze()
  await machine.advance(20)
  expect(ran).toEqual([])
  const cancel = process.after(5, () => ran.push('cancelled while overdue'))
  await machine.advance(5)
  cancel()
  process.thaw()
  await machine.advance(0)
  expect(ran).toEqual(['now at 25', 'early at 25', 'next at 25'])
  await machine.advance(5)
  expect(ran.at(-1)).toBe('late at 30')
})

test('settle returns at once where nothing is to be done', async () => {
  await settle()
  expect(process.getActiveResourcesInfo()).not.toContain('Immediate')
})

test('time passes until a piece of work has settled, and no longer', async () => {
  const clock = new VirtualClock()
  const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
  clock.after(1_000, () => undefined)
  expect(await clock.until(wait(10).then(() => wait(20)))).toBeUndefined()
  expect([clock.monotonicMs(), clock.pending]).toEqual([30, 1])
  await expect(clock.until(wait(5).then(() => Promise.reject(new Error('it broke'))))).rejects.toThrow('it broke')
  await expect(clock.until(new Promise(() => undefined))).rejects.toThrow('no timer brings')
})
