import { topicNames } from '@towline/contracts'
import {
  type AdminPort,
  type ConsumerPort,
  createRecordSender,
  type KafkaDriver,
  type KafkaRecord,
  type ProducerPort,
  type ReaderPort,
  type RecordSender,
  systemClock,
} from '@towline/kafka'
import { connectKafka } from '@towline/kafka/kafkajs'
import { uniqueNamespace } from '@towline/test-brokers'
import { planReplay, type ReplayPlan, type ReplayPorts, type ReplayRequest } from '../src/index.ts'

/** A record as an independent consumer saw it. */
export type ConsumedRecord = KafkaRecord & { readonly partition: number }

/** One agent's topics on a real broker, in a namespace of their own. */
export class BrokerWorld implements AsyncDisposable {
  readonly namespace: string = uniqueNamespace()
  readonly names = topicNames('digest', this.namespace)
  readonly driver: KafkaDriver
  readonly admin: AdminPort
  readonly reader: ReaderPort
  readonly producer: ProducerPort
  readonly sender: RecordSender

  private constructor(
    driver: KafkaDriver,
    ports: { readonly admin: AdminPort; readonly reader: ReaderPort; readonly producer: ProducerPort },
  ) {
    this.driver = driver
    this.admin = ports.admin
    this.reader = ports.reader
    this.producer = ports.producer
    this.sender = createRecordSender(ports.producer, { clock: systemClock })
  }

  static async open(brokers: string[], partitions = 3): Promise<BrokerWorld> {
    const driver = connectKafka({ brokers, clientId: 'replay-test' })
    const [admin, reader, producer] = await Promise.all([driver.admin(), driver.reader(), driver.producer()])
    const world = new BrokerWorld(driver, { admin, reader, producer })
    const { tasks, replay, results } = world.names
    await admin.createTopics(
      [tasks, replay, results].map((topic) => ({ topic, partitions, replicationFactor: 1, configs: {} })),
    )
    return world
  }

  ports(): ReplayPorts {
    return { admin: this.admin, reader: this.reader, sender: this.sender, clock: systemClock }
  }

  async plan(request: Partial<ReplayRequest> = {}): Promise<ReplayPlan> {
    const { namespace } = this
    const planned = await planReplay(
      { agentType: 'digest', namespace, by: 'test', all: true, ...request },
      { admin: this.admin, reader: this.reader, clock: systemClock },
    )
    return planned.plan
  }

  /** Sends tasks a second apart by their timestamps, the last one now; each of ten keys in its place. */
  async seed(count: number): Promise<void> {
    const nowMs = systemClock.nowMs()
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        this.sender.send(
          { topic: this.names.tasks },
          {
            key: Buffer.from(`key-${index % 10}`),
            value: Buffer.from(`task ${index}`),
            headers: { number: String(index) },
            timestampMs: nowMs - (count - index) * 1_000,
          },
        ),
      ),
    )
  }

  /** Everything in a topic, through a consumer group: another path than the reader that replay uses. */
  async consumeAll(topic: string): Promise<readonly ConsumedRecord[]> {
    const ends = new Map((await this.admin.offsets(topic)).map(({ partition, high }) => [partition, high]))
    const consumed: ConsumedRecord[] = []
    const isDone = Promise.withResolvers<void>()
    const finish = (): void => {
      if ([...ends.values()].every((end) => end === 0)) isDone.resolve()
    }
    const consumer: ConsumerPort = this.driver.consumer({ topic, groupId: `towline.test.${uniqueNamespace()}` })
    await consumer.start({
      onAssigned: (assignments) => assignments.map(({ logStart }) => logStart),
      onLost: () => {},
      onRecords: ({ partition }, records, next) => {
        for (const record of records) consumed.push({ ...record, partition })
        if (next >= (ends.get(partition) ?? 0)) ends.set(partition, 0)
        finish()
        return { kind: 'taken' }
      },
      onDataLost: () => {},
      onMember: () => {},
      onProof: () => {},
      onFatal: (error) => isDone.reject(error),
    })
    finish()
    await isDone.promise
    await consumer.stop()
    return consumed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sender.close()
    const { tasks, replay, results } = this.names
    await this.admin.deleteTopics([tasks, replay, results])
    await Promise.all([this.admin.close(), this.reader.close(), this.producer.close()])
  }
}
