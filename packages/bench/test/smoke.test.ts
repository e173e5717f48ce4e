import { afterAll, beforeAll, expect, test } from 'vitest'
import { drain } from '../src/benches/drain.ts'
import { KEYED_ORDERS, keyedBy } from '../src/benches/keyed.ts'
import { memory } from '../src/benches/memory.ts'
import { pickupAt } from '../src/benches/pickup.ts'
import { publish } from '../src/benches/publish.ts'
import { replay } from '../src/benches/replay.ts'
import { type BenchBroker, startDevBroker } from '../src/ground/bench-broker.ts'
import { expectExactDelivery } from './exact-delivery.ts'

// Bars decide nothing here: few tasks, and a machine that runs other tests.

const RECORDS = 240

let broker: BenchBroker

beforeAll(async () => {
  broker = await startDevBroker()
})
afterAll(() => broker[Symbol.asyncDispose]())

const barred = keyedBy(KEYED_ORDERS.filter(({ boundSeconds }) => boundSeconds !== undefined))

// The take-over, which waits for a session to run out, has a file of its own.
test.each([drain, publish, pickupAt([1_000]), barred, replay])(
  '$name runs, and delivers exactly',
  async (bench) => {
    expectExactDelivery(await bench.run(broker, { records: RECORDS, rounds: 1 }), RECORDS)
  },
  90_000,
)

test('keyed by partition runs one task after the other, in order', async () => {
  const [byPartition] = KEYED_ORDERS
  const result = await keyedBy(byPartition === undefined ? [] : [byPartition]).run(broker, { records: 30, rounds: 1 })
  expectExactDelivery(result, 30)
})

test('memory ends while tasks wait, and those that ended were delivered exactly', async () => {
  const { contenders, bars } = await memory.run(broker, { records: 600, rounds: 1, minutes: 0.05 })
  const { expected, ...wrong } = contenders['towline']?.delivery ?? {}
  expect(wrong).toEqual({ lost: 0, duplicated: 0, unknown: 0 })
  expect(expected).toBeGreaterThan(0)
  expect(expected).toBeLessThan(600)
  expect(bars.map(({ value }) => value)).not.toContain(Number.NaN)
})
