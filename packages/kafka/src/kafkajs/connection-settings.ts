import type { Logger } from '@towline/contracts'
import type { KafkaConfig } from 'kafkajs'
import type { KafkajsInternals } from './kafkajs-internals.ts'

export interface KafkaConnection {
  /** Bootstrap addresses, `host:port`. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl?: KafkaConfig['ssl']
  readonly sasl?: KafkaConfig['sasl']
  readonly log?: Logger
}

/** What every port of one driver shares. */
export interface DriverContext {
  readonly connection: KafkaConnection
  readonly kafkajs: KafkajsInternals
  /** Transient errors after which kafkajs restarts a consumer's loop; it counts them over the loop's whole life. */
  readonly loopRetries: number
}

/** A consumer must notice a dead broker well within its session. Default session: 6,000. */
export const CONSUMER_REQUEST_TIMEOUT_MS = 3_000
export const REQUEST_TIMEOUT_MS = 30_000
export const CONNECT_TIMEOUT_MS = 3_000
