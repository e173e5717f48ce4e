import type { FindKafkaOptions, FoundKafka, KafkaAttempt } from './found-kafka.ts'
import { givenKafka } from './given-kafka.ts'
import { kafkaInDocker } from './kafka-in-docker.ts'
import { kafkaOnJvm } from './kafka-on-jvm.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Finds an Apache Kafka to test against: the brokers named by TOWLINE_BROKERS, else one in a container where a Docker
 * engine answers, else one on the JVM where java (17 or later) and mvn are installed. Null where there is none;
 * `tell` has been told why. The caller stops what was found.
 */
export async function findKafka(env: Environment, options: FindKafkaOptions = {}): Promise<FoundKafka | null> {
  const ways: readonly (() => KafkaAttempt | Promise<KafkaAttempt>)[] = [
    () => givenKafka(env),
    () => kafkaInDocker(options),
    () => kafkaOnJvm(env, options),
  ]
  for (const way of ways) {
    options.signal?.throwIfAborted()
    const attempt = await way()
    if (attempt.kind === 'found') return attempt.kafka
    options.tell?.(attempt.because)
  }
  return null
}
