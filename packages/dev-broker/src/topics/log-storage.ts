import { type BatchStore, IN_MEMORY } from '../log/batch-store.ts'

export interface TopicIdentity {
  readonly name: string
  readonly id: string
}

/** Where the logs of topics are kept. */
export interface LogStorage {
  storeOf(topic: TopicIdentity, partition: number): BatchStore
  /** Forgets a topic's records. */
  remove(topic: TopicIdentity): void
}

export const IN_MEMORY_LOGS: LogStorage = { storeOf: () => IN_MEMORY, remove: () => undefined }
