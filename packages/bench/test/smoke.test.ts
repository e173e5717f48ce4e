import { afterAll, beforeAll, test } from 'vitest'
import { BENCHES } from '../src/benches.ts'
import { type BenchBroker, benchBroker } from '../src/ground/bench-broker.ts'
import { expectExactDelivery } from './exact-delivery.ts'

const RECORDS = 240

let broker: BenchBroker

beforeAll(async () => {
  broker = await benchBroker({})
})
afterAll(() => broker[Symbol.asyncDispose]())

// The take-over, which waits for a session to run out, has a file of its own.
test.each(BENCHES.filter(({ name }) => name !== 'takeover'))('$name runs, and delivers exactly', async (bench) => {
  expectExactDelivery(await bench.run(broker, { records: RECORDS, rounds: 1 }), RECORDS)
})
