import type { Agent, AgentType } from '@towline/contracts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const
export type SaslMechanism = (typeof SASL_MECHANISMS)[number]

export interface RegistryConfig {
  /** Variable TOWLINE_REGISTRY. Default `http://127.0.0.1:8081`. */
  readonly url?: string
  /** Basic authentication, with `password`. Variable TOWLINE_REGISTRY_USERNAME. */
  readonly username?: string
  /** Variable TOWLINE_REGISTRY_PASSWORD. Never shown in an error or a log line. */
  readonly password?: string
}

/** Authentication to the brokers; all three or none. */
export interface SaslConfig {
  /** Variable TOWLINE_SASL_MECHANISM. */
  readonly mechanism?: SaslMechanism
  /** Variable TOWLINE_SASL_USERNAME. */
  readonly username?: string
  /** Variable TOWLINE_SASL_PASSWORD. Never shown in an error or a log line. */
  readonly password?: string
}

export interface ProducerConfig {
  /** How long a task may wait for its acknowledgement. Variable TOWLINE_DELIVERY_TIMEOUT. Default `'2m'`. */
  readonly deliveryTimeout?: string
  /** Most bytes waiting or unacknowledged. At least 1 MiB. Variable TOWLINE_MAX_BUFFERED_BYTES. Default 32 MiB. */
  readonly maxBufferedBytes?: number
}

export interface RunnerConfig {
  /** Longest a drain may take, the abort grace of what it interrupts included. Variable TOWLINE_DRAIN. Default `'25s'`. */
  readonly drain?: string
  /** Tasks admitted and not finished in one process. At least 1. Variable TOWLINE_MAX_IN_FLIGHT. Default 2,000. */
  readonly maxInFlight?: number
  /** Names this process in results and logs. Variable TOWLINE_RUNNER_ID. Default: host, process id and four characters. */
  readonly runnerId?: string
}

/** How `towline topics plan|apply` and a starting runner want the topics to be. */
export interface TopicsConfig {
  /** Variables TOWLINE_PARTITIONS_TASKS and so on. Default: tasks, replay and results 12; retry, dlq and events 3. */
  readonly partitions?: {
    readonly tasks?: number
    readonly retry?: number
    readonly dlq?: number
    readonly results?: number
    readonly events?: number
    readonly replay?: number
  }
  /** How long everything but dead letters is kept: the replay window. Variable TOWLINE_RETENTION. Default `'7d'`. */
  readonly retention?: string
  /** How long dead letters are kept. Variable TOWLINE_DEAD_LETTER_RETENTION. Default `'90d'`. */
  readonly deadLetterRetention?: string
  /**
   * How far a runner may ever lag behind; retention must cover three times this plus the longest delay. Variable
   * TOWLINE_LAG_BOUND. Default `'1h'`.
   */
  readonly lagBound?: string
  /**
   * Largest record batch of `.tasks` and `.results`, in bytes (Kafka's `max.message.bytes`). At least 64 KiB. Variable
   * TOWLINE_MAX_MESSAGE_BYTES. Default 1,048,588, as in Kafka.
   */
  readonly maxMessageBytes?: number
}

export interface LogConfig {
  /** Variable TOWLINE_LOG_LEVEL. Default `'info'`. */
  readonly level?: LogLevel
}

/**
 * What stands in `towline.config.ts`. Every option but the agents may come from a flag or the environment instead:
 * flag > environment > file > default. An empty variable counts as unset.
 */
export interface TowlineConfig {
  /** Bootstrap addresses `host:port`, a list or comma-separated. Variable TOWLINE_BROKERS. Default `127.0.0.1:9092`. */
  readonly brokers?: string | readonly string[]
  /** The schema registry: its URL, or URL and credentials. */
  readonly registry?: string | RegistryConfig
  /** Prefix of every topic and group, for several fleets on one cluster. Variable TOWLINE_NAMESPACE. Default none. */
  readonly namespace?: string
  /** What the brokers' logs call these clients. Variable TOWLINE_CLIENT_ID. Default `towline`. */
  readonly clientId?: string
  /** TLS to the brokers, with the system's certificate authorities. Variable TOWLINE_SSL. Default false. */
  readonly ssl?: boolean
  readonly sasl?: SaslConfig
  /** The agents this fleet runs: what `defineAgent` returned. */
  readonly agents?: readonly Agent[]
  /** Agent types whose handlers run elsewhere: enough to publish to them and to read their results. */
  readonly agentTypes?: readonly AgentType<unknown, unknown>[]
  readonly topics?: TopicsConfig
  readonly producer?: ProducerConfig
  readonly runner?: RunnerConfig
  readonly log?: LogConfig
}

/** Types a configuration; the default export of `towline.config.ts`. It is checked when it is resolved, not here. */
export function defineConfig(config: TowlineConfig): TowlineConfig {
  return config
}
