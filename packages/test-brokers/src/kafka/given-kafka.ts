import type { KafkaAttempt } from './found-kafka.ts'

/** The brokers TOWLINE_BROKERS names. An empty value counts as unset. */
export function givenKafka(env: Readonly<Record<string, string | undefined>>): KafkaAttempt {
  const brokers = env['TOWLINE_BROKERS']?.trim()
  if (brokers === undefined || brokers === '') return { kind: 'none', because: 'TOWLINE_BROKERS is not set' }
  return {
    kind: 'found',
    kafka: { brokers, description: `Kafka at ${brokers} (TOWLINE_BROKERS)`, stop: () => Promise.resolve() },
  }
}
