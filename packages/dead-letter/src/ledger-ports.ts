import type { AvroCodec, Clock, TopicNames } from '@towline/contracts'
import type { AdminPort } from '@towline/kafka'
import type { Reads } from './read-range.ts'
import type { TaskEnd } from './task-end.ts'

/** What keeping the books of one agent's dead letters needs of the world. */
export interface LedgerPorts {
  readonly reader: Reads
  readonly admin: Pick<AdminPort, 'describeTopics' | 'offsets' | 'offsetsAt' | 'topicNames'>
  readonly names: TopicNames
  readonly ends: AvroCodec<TaskEnd>
  readonly clock: Pick<Clock, 'nowMs'>
}
