import { test } from 'vitest'
import { takeover } from '../src/benches/takeover.ts'
import { startDevBroker } from '../src/ground/bench-broker.ts'
import { expectExactDelivery } from './exact-delivery.ts'

test('takeover runs, and every task in flight is started again exactly once', async () => {
  await using broker = await startDevBroker()
  expectExactDelivery(await takeover.run(broker, { records: 40, rounds: 1 }), 40)
}, 90_000)
