import { isTowlineError, type TopicNames, taskIdTimeMs } from '@towline/contracts'
import { type PartitionId, partitionId } from '@towline/kafka'
import type { UnresolvedLetter } from './dead-letter-ledger.ts'
import { firstRecordOf, type Reads } from './read-range.ts'

/** Before this moment none of these tasks existed, so that none of them ended. `'unknown'` where the log no longer tells. */
export async function earliestOriginMs(
  ports: { readonly reader: Reads; readonly names: TopicNames },
  letters: readonly UnresolvedLetter[],
  signal?: AbortSignal,
): Promise<number | 'unknown'> {
  const origins = new Map<PartitionId, UnresolvedLetter['origin']>()
  let earliestMs = Number.POSITIVE_INFINITY
  for (const { taskId, earliestAtMs, origin } of letters) {
    if (origin.topic !== ports.names.tasks && origin.topic !== ports.names.replay) return 'unknown'
    const first = origins.get(partitionId(origin))
    if (first === undefined || origin.offset < first.offset) origins.set(partitionId(origin), origin)
    earliestMs = Math.min(earliestMs, earliestAtMs, taskIdTimeMs(taskId) ?? earliestAtMs)
  }
  for (const origin of origins.values()) {
    const appendedAtMs = await appendTimeOf(ports.reader, origin, signal)
    if (appendedAtMs === 'unknown') return 'unknown'
    earliestMs = Math.min(earliestMs, appendedAtMs)
  }
  return earliestMs
}

async function appendTimeOf(
  reader: Reads,
  origin: UnresolvedLetter['origin'],
  signal: AbortSignal | undefined,
): Promise<number | 'unknown'> {
  const { topic, partition, offset } = origin
  try {
    const record = await firstRecordOf(reader, { tp: { topic, partition }, from: offset, to: offset + 1 }, signal)
    return record?.timestampMs ?? 'unknown'
  } catch (thrown) {
    if (isTowlineError(thrown, 'TOWLINE_OFFSET_OUT_OF_RANGE')) return 'unknown'
    if (isTowlineError(thrown, 'TOWLINE_TOPIC_MISSING')) return 'unknown'
    throw thrown
  }
}
