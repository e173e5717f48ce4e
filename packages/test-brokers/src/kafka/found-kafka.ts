/** An Apache Kafka that tests may use. */
export interface FoundKafka {
  /** `host:port`, more than one separated by commas: what TOWLINE_BROKERS takes. */
  readonly brokers: string
  /** Which one it is, for people: `Apache Kafka 4.3.1 on the JVM at 127.0.0.1:40123`. */
  readonly description: string
  /** Ends what was started for it and removes its data; does nothing to a broker that was given. May be called twice. */
  stop(): Promise<void>
}

/** One way to a Kafka: the Kafka, or in one sentence why this machine has none that way. */
export type KafkaAttempt =
  | { readonly kind: 'found'; readonly kafka: FoundKafka }
  | { readonly kind: 'none'; readonly because: string }

export interface FindKafkaOptions {
  /** Told what is being tried and why it came to nothing, a line at a time. Default: nobody. */
  readonly tell?: (line: string) => void
  /** The folder in which one on the JVM makes a folder for its log. Default: the system's for temporary files. */
  readonly dataParent?: string
  /** Ends the search, and whatever it has begun, early. */
  readonly signal?: AbortSignal
}
