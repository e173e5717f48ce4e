import type { StartedKafkaContainer } from '@testcontainers/kafka'
import type { FindKafkaOptions, KafkaAttempt } from './found-kafka.ts'

/** Confluent's packaging of Apache Kafka 4.1: the image the testcontainers module knows how to start. */
const IMAGE = 'confluentinc/cp-kafka:8.1.0'
const CLIENT_PORT = 9093

/** A Kafka in a container, if a Docker engine answers. Loads testcontainers only then: it takes 0.3 s to import. */
export async function kafkaInDocker({ tell }: FindKafkaOptions): Promise<KafkaAttempt> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  try {
    await getContainerRuntimeClient()
  } catch (error) {
    return { kind: 'none', because: `no Docker engine answers: ${firstLine(error)}` }
  }
  tell?.(`starting ${IMAGE} in a container`)
  try {
    return found(await start())
  } catch (error) {
    return { kind: 'none', because: `a Docker engine answers, but ${IMAGE} did not start: ${firstLine(error)}` }
  }
}

async function start(): Promise<StartedKafkaContainer> {
  const { KafkaContainer } = await import('@testcontainers/kafka')
  return await new KafkaContainer(IMAGE).withEnvironment({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false' }).start()
}

function found(container: StartedKafkaContainer): KafkaAttempt {
  const brokers = `${container.getHost()}:${container.getMappedPort(CLIENT_PORT)}`
  let stopped: Promise<unknown> | undefined
  return {
    kind: 'found',
    kafka: {
      brokers,
      description: `${IMAGE} in a container at ${brokers}`,
      async stop() {
        stopped ??= container.stop()
        await stopped
      },
    },
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}
