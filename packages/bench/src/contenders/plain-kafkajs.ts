import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'

/** kafkajs as its documentation shows it. */
export function plainKafka(brokers: string): Kafka {
  return new Kafka({ clientId: 'plain', brokers: brokers.split(','), logLevel: logLevel.NOTHING })
}

export async function plainProducer(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({ allowAutoTopicCreation: false, createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  return producer
}
