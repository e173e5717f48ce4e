import type { TopicPartition } from '@towline/kafka'
import { Kafka, logLevel } from 'kafkajs'

/** What retention does in time: the log of a partition begins at `offset` from now on. No port of Towline can do it. */
export async function deleteRecordsBefore(
  brokers: readonly string[],
  { topic, partition }: TopicPartition,
  offset: number,
): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.fetchTopicOffsets(topic) // loads the metadata that the next call needs
  await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] })
  await admin.disconnect()
}
