import type { KafkaRecord } from '@towline/kafka'
import { VirtualClock } from '@towline/kafka/memory'
import { expect, test } from 'vitest'
import { TierGate } from '../src/tier-gate.ts'

const record = (offset: number, timestampMs: number): KafkaRecord => ({
  offset,
  timestampMs,
  key: null,
  value: null,
  headers: {},
})

test('a record is due one tier delay after it was appended', async () => {
  const clock = new VirtualClock()
  const gate = new TierGate(5_000, clock)
  const head = record(7, clock.nowMs() - 2_000)
  expect(gate.waitMs(head)).toBe(3_000)
  await clock.advance(2_999)
  expect(gate.waitMs(head)).toBe(1)
  await clock.advance(1)
  expect(gate.waitMs(head)).toBe(0)
})

test('a wall clock set back after the record was read does not make it wait longer', async () => {
  const clock = new VirtualClock()
  const gate = new TierGate(5_000, clock)
  const head = record(7, clock.nowMs())
  expect(gate.waitMs(head)).toBe(5_000)
  clock.jump(-3_600_000)
  await clock.advance(5_000)
  expect(gate.waitMs(head)).toBe(0)
})

test('a wall clock set ahead after the record was read does not make it early', async () => {
  const clock = new VirtualClock()
  const gate = new TierGate(5_000, clock)
  const head = record(7, clock.nowMs())
  gate.waitMs(head)
  clock.jump(3_600_000)
  expect(gate.waitMs(head)).toBe(5_000)
})

test('a broker clock ahead of ours never makes the wait longer than the tier', () => {
  const clock = new VirtualClock()
  expect(new TierGate(5_000, clock).waitMs(record(0, clock.nowMs() + 3_600_000))).toBe(5_000)
})
