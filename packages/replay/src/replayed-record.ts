import { envelopeHeaders, idOfReplay, readEnvelope, userHeaders } from '@towline/contracts'
import type { KafkaRecord, OutgoingRecord } from '@towline/kafka'

/** Where a replayed record comes from. */
export interface ReplayedFrom {
  readonly replayId: string
  readonly topic: string
  readonly partition: number
}

/** Of a class, as all that outlives the call that makes it (decision 12). */
class ReplayedRecord implements OutgoingRecord {
  readonly key: Buffer
  readonly value: Buffer | null
  readonly headers: OutgoingRecord['headers']

  constructor(key: Buffer, value: Buffer | null, headers: OutgoingRecord['headers']) {
    this.key = key
    this.value = value
    this.headers = headers
  }
}

/**
 * The record as the target gets it: a new task with the original as its parent, at the start of its first life. Its id
 * follows from the replay and the position, so sending it again after a crash makes the same task. Value, user headers,
 * tenant and ordering key stay; failures, deadline, due time, idempotency key and trace were the original's and go.
 */
export function replayedRecord(record: KafkaRecord, from: ReplayedFrom): OutgoingRecord {
  const { envelope } = readEnvelope({ topic: from.topic, partition: from.partition, ...record })
  const taskId = idOfReplay(from.replayId, from.topic, from.partition, record.offset)
  const headers = envelopeHeaders({
    taskId,
    parent: envelope.taskId,
    replayId: from.replayId,
    tenant: envelope.tenant,
  })
  const key = envelope.key ?? Buffer.from(taskId, 'latin1')
  return new ReplayedRecord(key, record.value, { ...userHeaders(record.headers), ...headers })
}
