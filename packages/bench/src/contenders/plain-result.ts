import type { KafkaMessage, Message } from 'kafkajs'
import type { SchemaIds } from '../ground/round-ground.ts'
import { readTask, writeResult } from './plain-avro.ts'

/** The result message of a task message: decodes the task, encodes its end, carries its two headers on. */
export function plainResultOf(
  { key, value, offset, timestamp, headers }: KafkaMessage,
  partition: number,
  { tasksTopic: topic, ids }: { readonly tasksTopic: string; readonly ids: SchemaIds },
): Message {
  const taskId = String(headers?.['ce_id'] ?? key)
  const { n } = readTask(value as Buffer)
  const end = { taskId, topic, partition, offset: Number(offset), queuedAtMs: Number(timestamp), n }
  return {
    key: taskId,
    value: writeResult(end, ids),
    headers: { ce_id: taskId, traceparent: headers?.['traceparent'] },
  }
}
