import { type Clock, readEnvelope, type TaskEnvelope } from '@towline/contracts'
import type { AdminPort, ReaderPort, TopicPartition } from '@towline/kafka'

export interface IdempotentLogContext {
  readonly admin: AdminPort
  readonly reader: ReaderPort
  readonly clock: Clock
  readonly windowMs: number
  readonly maxRecords: number
}

/**
 * The idempotent tasks of a partition within the window below `base`, read from the log: all of them have finished
 * there. Retention may have taken the oldest; a partition whose window is empty costs two requests.
 */
export async function idempotentTasksBelow(
  context: IdempotentLogContext,
  tp: TopicPartition,
  base: number,
): Promise<readonly TaskEnvelope[]> {
  const { admin, reader, clock, windowMs, maxRecords } = context
  const offsets = await admin.offsets(tp.topic)
  const since = await admin.offsetsAt(tp.topic, clock.nowMs() - windowMs)
  const low = offsets.find(({ partition }) => partition === tp.partition)?.low ?? 0
  const windowStart = since.find(({ partition }) => partition === tp.partition)?.offset ?? low
  const tasks: TaskEnvelope[] = []
  for await (const { records } of reader.read({ tp, from: Math.max(low, windowStart, base - maxRecords), to: base })) {
    for (const record of records) {
      const { envelope } = readEnvelope({ ...tp, ...record })
      if (envelope.idempotencyKey !== undefined) tasks.push({ ...envelope, key: null })
    }
  }
  return tasks
}
