import { type Clock, readEnvelope, type TaskEnvelope } from '@towline/contracts'
import type { AdminPort, ReaderPort, TopicPartition } from '@towline/kafka'

export interface IdempotentLogContext {
  readonly admin: AdminPort
  readonly reader: ReaderPort
  readonly clock: Clock
  readonly windowMs: number
  /** So many records are read whenever they were stamped: a publisher may stamp one in the past. */
  readonly minRecords: number
  /** No more than these, however many are within the window; where it is less, `minRecords` is too. */
  readonly maxRecords: number
}

/**
 * The idempotent tasks of a partition within the window below `base`, read from the log: all of them have finished
 * there. Retention may have taken the oldest.
 */
export async function idempotentTasksBelow(
  context: IdempotentLogContext,
  tp: TopicPartition,
  base: number,
): Promise<readonly TaskEnvelope[]> {
  const { admin, reader, clock, windowMs, minRecords, maxRecords } = context
  const offsets = await admin.offsets(tp.topic)
  const since = await admin.offsetsAt(tp.topic, clock.nowMs() - windowMs)
  const low = offsets.find(({ partition }) => partition === tp.partition)?.low ?? 0
  const windowStart = since.find(({ partition }) => partition === tp.partition)?.offset ?? low
  const from = Math.max(low, base - maxRecords, Math.min(windowStart, base - minRecords))
  const tasks: TaskEnvelope[] = []
  for await (const { records } of reader.read({ tp, from, to: base })) {
    for (const record of records) {
      const { envelope } = readEnvelope({ ...tp, ...record })
      if (envelope.idempotencyKey !== undefined) tasks.push({ ...envelope, key: null })
    }
  }
  return tasks
}
