import { systemClock } from '@towline/kafka'
import { connectKafka } from '@towline/kafka/kafkajs'
import { type RunningBroker, testBrokers } from '@towline/test-brokers'
import { Kafka, logLevel } from 'kafkajs'
import type { Ground } from '../contract/bench.ts'
import type { DriverUnderTest } from '../driver-contract.ts'

/** The kafkajs driver on every broker there is. */
export function kafkajsDrivers(): readonly DriverUnderTest[] {
  return testBrokers().map(({ name, start }) => ({
    name: `kafkajs on ${name}`,
    open: async () => {
      const broker = await start()
      return { ...kafkajsGround(broker, 'contract'), close: () => broker.stop() }
    },
  }))
}

/** The driver on a broker that its owner stops. */
export function kafkajsGround({ brokers, faults }: RunningBroker, clientId: string): Ground {
  return {
    driver: connectKafka({ brokers, clientId }),
    clock: systemClock,
    ...(faults === undefined ? {} : { faults }),
    async deleteRecords({ topic, partition }, before) {
      const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
      await admin.connect()
      await admin.fetchTopicOffsets(topic) // loads the metadata that the next call needs
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] })
      await admin.disconnect()
    },
    close: async () => {},
  }
}
