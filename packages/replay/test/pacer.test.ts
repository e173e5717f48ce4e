import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Pacer } from '../src/pacer.ts'

/** Sends `count` records as a caller would whose timers fire late by what `lateness` says, and returns when. */
function sendAll(pacer: Pacer, startMs: number, count: number, lateness: (record: number) => number): number[] {
  const sentAtMs: number[] = []
  let nowMs = startMs
  for (let record = 0; record < count; record += 1) {
    const waitMs = pacer.waitMs(nowMs)
    if (waitMs > 0) nowMs += waitMs + lateness(record)
    pacer.take(nowMs)
    sentAtMs.push(nowMs)
  }
  return sentAtMs
}

test('R1: the rate is kept within 5 % over a run, however late its timers fire', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50_000 }),
      fc.integer({ min: 100, max: 3_000 }),
      fc.array(fc.nat(40), { minLength: 1, maxLength: 20 }),
      (rate, count, late) => {
        const sent = sendAll(new Pacer(rate, 1_000), 1_000, count, (record) => late[record % late.length] ?? 0)
        const elapsedMs = (sent.at(-1) ?? 0) - 1_000
        const idealMs = ((count - 1) * 1_000) / rate
        expect(elapsedMs).toBeGreaterThanOrEqual(idealMs - 0.01)
        expect(elapsedMs).toBeLessThanOrEqual(idealMs + 41)
      },
    ),
  )
})

test('R1: no record goes before it is due, so no window ever holds more than the rate and the catch-up', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.array(fc.oneof(fc.nat(5), fc.nat(5_000)), { minLength: 50, maxLength: 300 }),
      (rate, late) => {
        const sent = sendAll(new Pacer(rate, 0), 0, late.length, (record) => late[record] ?? 0)
        for (let first = 0; first < sent.length; first += 7) {
          for (let last = first; last < sent.length; last += 11) {
            const spanMs = (sent[last] ?? 0) - (sent[first] ?? 0)
            expect(last - first).toBeLessThanOrEqual((rate * (spanMs + 1_000)) / 1_000 + 1)
          }
        }
      },
    ),
  )
})

test('R2: after a minute without a send at most one second of records is made up for', () => {
  const pacer = new Pacer(100, 0)
  pacer.take(0)
  const burst = sendAll(pacer, 60_000, 300, () => 0).filter((atMs) => atMs === 60_000).length
  expect(burst).toBe(101)
})

test('a short delay is made up for whole', () => {
  const pacer = new Pacer(100, 0)
  pacer.take(0)
  const sent = sendAll(pacer, 500, 100, () => 0)
  expect(sent.at(-1)).toBe(1_000)
})
