import { type Admin, type Consumer, Kafka, type KafkaConfig, logLevel, Partitioners, type Producer } from 'kafkajs'

/** An unmodified kafkajs client that keeps quiet and gives up soon. */
export function kafkaAt(brokers: string, more: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({
    brokers: [brokers],
    clientId: 'test',
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 3 },
    ...more,
  })
}

export interface Connected<Client> extends AsyncDisposable {
  readonly client: Client
}

async function connected<Client extends { connect(): Promise<void>; disconnect(): Promise<void> }>(
  client: Client,
): Promise<Connected<Client>> {
  await client.connect()
  return { client, [Symbol.asyncDispose]: () => client.disconnect() }
}

export function connectAdmin(kafka: Kafka): Promise<Connected<Admin>> {
  return connected(kafka.admin())
}

export function connectProducer(kafka: Kafka): Promise<Connected<Producer>> {
  return connected(kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner }))
}

export interface Received {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly value: string
  readonly timestampMs: number
}

export interface RunningConsumer extends Connected<Consumer> {
  readonly received: readonly Received[]
  /** What the latest join gave it. */
  readonly assignment: () => Readonly<Record<string, readonly number[]>>
}

/** A consumer that runs and keeps what it gets. */
export async function runConsumer(
  kafka: Kafka,
  groupId: string,
  topics: readonly string[],
  { autoCommit = true, sessionTimeout = 10_000 }: { autoCommit?: boolean; sessionTimeout?: number } = {},
): Promise<RunningConsumer> {
  const consumer = kafka.consumer({ groupId, sessionTimeout, heartbeatInterval: 100, maxWaitTimeInMs: 100 })
  const received: Received[] = []
  let assignment: Readonly<Record<string, readonly number[]>> = {}
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    assignment = payload.memberAssignment
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [...topics], fromBeginning: true })
  await consumer.run({
    autoCommit,
    eachMessage: async ({ topic, partition, message }) => {
      received.push({
        topic,
        partition,
        offset: Number(message.offset),
        value: message.value?.toString() ?? '',
        timestampMs: Number(message.timestamp),
      })
    },
  })
  return {
    client: consumer,
    received,
    assignment: () => assignment,
    [Symbol.asyncDispose]: () => consumer.disconnect(),
  }
}
