import type { AdminPort } from './admin-port.ts'
import type { ConsumerOptions, ConsumerPort } from './consumer-port.ts'
import type { ProducerPort } from './producer-port.ts'
import type { ReaderPort } from './reader-port.ts'

/** The four ports of one cluster. Each call makes a port with connections of its own; closing it is its owner's. */
export interface KafkaDriver {
  consumer(options: ConsumerOptions): ConsumerPort
  producer(): Promise<ProducerPort>
  reader(): Promise<ReaderPort>
  admin(): Promise<AdminPort>
}
