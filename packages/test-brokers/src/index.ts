/**
 * Finds or starts the brokers that integration suites run on, and adds up what their tests reported.
 *
 * ```ts
 * describe.each(testBrokers())('on $name', ({ start }) => {
 *   const namespace = uniqueNamespace()
 *   let broker: RunningBroker
 *   beforeAll(async () => {
 *     broker = await start()
 *   })
 *   afterAll(() => broker.stop())
 * })
 * ```
 */
export { KAFKA_ERRORS } from '@towline/dev-broker'
export { findKafka } from './kafka/find-kafka.ts'
export type { FindKafkaOptions, FoundKafka } from './kafka/found-kafka.ts'
export { type GuardedKafka, startGuardedKafka, whyNoGuardedKafka } from './kafka/guarded-kafka.ts'
export { ManualClock } from './manual-clock.ts'
export { type OwnBroker, type OwnBrokerKind, ownBrokers } from './own/own-broker.ts'
export { addTotals, describeTotals, NO_TESTS, readTotals, type TestTotals, totalsOf } from './report/test-totals.ts'
export { type RunningBroker, startDevCluster, type TestBroker, testBrokers } from './test-broker.ts'
export { uniqueNamespace } from './unique-namespace.ts'
