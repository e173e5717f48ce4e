import type { Clock } from '@towline/contracts'
import type { AdminPort, OutgoingRecord, ReaderPort, SendGuard, SendReceipt, SendTarget } from '@towline/kafka'

/** What planning asks of a cluster. */
export type PlanningAdmin = Pick<AdminPort, 'describeTopics' | 'offsets' | 'offsetsAt'>

/** What keeping a checkpoint asks of a cluster. */
export type CheckpointAdmin = Pick<AdminPort, 'describeTopics' | 'committed' | 'commitNote'>

export type ReplayReader = Pick<ReaderPort, 'read'>

/** The record sender: per partition in the order of the calls, settled when all in-sync replicas have the record. */
export interface ReplaySender {
  send(target: SendTarget, record: OutgoingRecord, guard?: SendGuard): Promise<SendReceipt>
}

/** What running a replay needs. */
export interface ReplayPorts {
  readonly admin: CheckpointAdmin & Pick<AdminPort, 'offsets'>
  readonly reader: ReplayReader
  readonly sender: ReplaySender
  readonly clock: Clock
}
