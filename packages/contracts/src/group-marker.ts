import type { RecordPosition } from './task.ts'

/** A record that finished, and what tells it from another record at the same place in a topic made anew. */
export interface FinishedRecord {
  readonly offset: number
  readonly timestampMs: number
  /** `recordHash` of it. */
  readonly hash: number
}

/** What an operator committed for a partition, and why. */
export interface Restoration {
  readonly atMs: number
  readonly by: string
  readonly reason: string | null
  /** The committed offset: next to read. */
  readonly offset: number
}

/**
 * Says of a partition that tasks of it finished in a group, so that offsets that expired are not mistaken for a group
 * that never ran. One record in `towline.groups`, whose key is {@link groupMarkerKey}; the last one of a key counts.
 */
export interface GroupMarker {
  /** When it was written first, epoch milliseconds. */
  readonly atMs: number
  /** The runner, or the operator, that wrote it first. */
  readonly by: string
  /** One of the records that finished; null where only an operator ever committed. */
  readonly finished: FinishedRecord | null
  /** The last restoration of the offset by an operator. */
  readonly restored: Restoration | null
}

const VERSION = 1

export function groupMarkerKey(groupId: string, tp: Pick<RecordPosition, 'topic' | 'partition'>): string {
  return `${groupId}/${tp.topic}/${tp.partition}`
}

/** JSON: an operator reads it with any Kafka tool, and it needs no registry. */
export function encodeGroupMarker(marker: GroupMarker): Buffer {
  return Buffer.from(JSON.stringify({ version: VERSION, ...marker }))
}

/** Null for what is no marker of this version: a deletion, or the record of somebody else. Never throws. */
export function decodeGroupMarker(value: Buffer | null): GroupMarker | null {
  const { version, atMs, by, finished, restored } = fieldsOf(value)
  if (version !== VERSION || !isCount(atMs) || typeof by !== 'string') return null
  return { atMs, by, finished: finishedOf(finished), restored: restorationOf(restored) }
}

function finishedOf(value: unknown): FinishedRecord | null {
  const { offset, timestampMs, hash } = recordOf(value)
  return isCount(offset) && isCount(timestampMs) && isCount(hash) ? { offset, timestampMs, hash } : null
}

function restorationOf(value: unknown): Restoration | null {
  const { atMs, by, reason, offset } = recordOf(value)
  if (!isCount(atMs) || typeof by !== 'string' || !isCount(offset)) return null
  return { atMs, by, reason: typeof reason === 'string' ? reason : null, offset }
}

function fieldsOf(value: Buffer | null): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(value?.toString('utf8') ?? 'null'))
  } catch {
    return {}
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
