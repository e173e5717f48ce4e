import { envelopeHeaders, idOfReplay, readEnvelope, userHeaders } from '@towline/contracts'
import type { KafkaRecord, OutgoingRecord } from '@towline/kafka'

/** Where a replayed record comes from. */
export interface ReplayedFrom {
  readonly replayId: string
  readonly topic: string
  readonly partition: number
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
    ...(envelope.tenant === undefined ? {} : { tenant: envelope.tenant }),
  })
  return {
    key: envelope.key ?? Buffer.from(taskId, 'utf8'),
    value: record.value,
    headers: { ...userHeaders(record.headers), ...headers },
  }
}
