// Reads back what a partition's folder holds, up to the first batch that is not as it was written.
//   R1. What is recovered is a prefix of what was appended: every batch whole, its checksum right, its offset the next one.
//   R2. What comes after that prefix is removed, and told of: it could only be served as if nothing were missing.
//   R3. Only a log whose first files are gone goes on without them: its start moves, and that is told of.

import { existsSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { StoredBatch } from '../log/batch-store.ts'
import { BATCH_HEADER_BYTES, batchChecksum, isPlaced, readBatchHeader } from '../log/record-batch.ts'
import type { DataFiles } from './data-files.ts'
import { unusable } from './data-lock.ts'

/** A file of whole batches, byte for byte as on the wire, named after its first offset as in Kafka. */
export interface Segment {
  readonly path: string
  readonly baseOffset: number
  sizeBytes: number
}

/** What of a log is not served any more, and why. */
export interface Damage {
  readonly path: string
  /** The first offset concerned. */
  readonly atOffset: number
  /** Removed: they could only be served as if nothing were missing. */
  readonly cutBytes: number
  readonly reason: string
}

export interface RecoveredLog {
  readonly segments: readonly Segment[]
  readonly batches: readonly StoredBatch[]
  readonly damage: readonly Damage[]
}

const SEGMENT_NAME = /^\d{20}\.log$/

/**
 * What a folder holds of a log that starts at `startOffset`.
 * @throws DevBrokerError TOWLINE_DEV_BROKER_DATA_UNUSABLE when it cannot be read
 */
export function recoverSegments(folder: string, startOffset: number, files: DataFiles): RecoveredLog {
  try {
    return recover(pathsIn(folder), startOffset, files)
  } catch (error) {
    throw unusable(folder, error)
  }
}

function pathsIn(folder: string): readonly string[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => SEGMENT_NAME.test(name)) : []
  // A file without a byte is one whose first write failed.
  return names
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).size > 0)
    .sort()
}

function recover(paths: readonly string[], startOffset: number, files: DataFiles): RecoveredLog {
  const segments: Segment[] = []
  const batches: StoredBatch[] = []
  const damage: Damage[] = []
  for (const [i, path] of paths.entries()) {
    const baseOffset = Number(basename(path, '.log'))
    const nextOffset = (batches.at(-1)?.lastOffset ?? -1) + 1
    // Its start may lie within the first segment, not before it (R3).
    const missing =
      baseOffset > (i === 0 ? startOffset : nextOffset) ? `what comes before offset ${baseOffset} is missing` : null
    if (i === 0 && missing !== null) damage.push({ path, atOffset: startOffset, cutBytes: 0, reason: missing })
    const scan = i > 0 && missing !== null ? nothing(missing) : scanSegment(path, readFileSync(path), baseOffset)
    if (scan.sizeBytes > 0) segments.push({ path, baseOffset, sizeBytes: scan.sizeBytes })
    for (const batch of scan.batches) batches.push(batch)
    if (scan.damage === null) continue
    const cutBytes = cutFrom(scan.sizeBytes, paths.slice(i), files) // R2
    const atOffset = (batches.at(-1)?.lastOffset ?? baseOffset - 1) + 1
    damage.push({ path, atOffset, cutBytes, reason: scan.damage })
    break
  }
  return { segments, batches, damage }
}

interface Scan {
  readonly batches: readonly StoredBatch[]
  /** Of the good batches: where the file may go on. */
  readonly sizeBytes: number
  /** Why it ends before the file does. */
  readonly damage: string | null
}

function scanSegment(path: string, bytes: Buffer, baseOffset: number): Scan {
  const batches: StoredBatch[] = []
  let position = 0
  let nextOffset = baseOffset
  while (position < bytes.length) {
    const rest = bytes.subarray(position)
    const damage = damageOf(rest, nextOffset)
    if (damage !== null) return { batches, sizeBytes: position, damage }
    const { sizeBytes, lastOffsetDelta, maxTimestampMs } = readBatchHeader(rest)
    const lastOffset = nextOffset + lastOffsetDelta
    batches.push({ baseOffset: nextOffset, lastOffset, maxTimestampMs, sizeBytes, place: { path, position } })
    nextOffset = lastOffset + 1
    position += sizeBytes
  }
  return { batches, sizeBytes: position, damage: null }
}

/** R1: what is wrong with the batch that `bytes` begin with, or null. */
function damageOf(bytes: Buffer, expectedOffset: number): string | null {
  if (bytes.length < BATCH_HEADER_BYTES) return 'the batch is not whole'
  const { sizeBytes, crc, recordCount, lastOffsetDelta } = readBatchHeader(bytes)
  if (!isPlaced(bytes, expectedOffset) || sizeBytes < BATCH_HEADER_BYTES) return 'the header is not that of a batch'
  if (sizeBytes > bytes.length) return 'the batch is not whole'
  if (batchChecksum(bytes.subarray(0, sizeBytes)) !== crc) return 'the checksum is wrong'
  return recordCount === lastOffsetDelta + 1 && recordCount > 0 ? null : 'the offsets are not dense'
}

function nothing(damage: string): Scan {
  return { batches: [], sizeBytes: 0, damage }
}

/** Removes what comes after `sizeBytes` of the first of `paths`. Returns how much that was. */
function cutFrom(sizeBytes: number, paths: readonly string[], files: DataFiles): number {
  const totalBytes = paths.reduce((total, path) => total + statSync(path).size, 0)
  const [first, ...later] = paths
  // From the end: killed in between, the next start finds the same damage again.
  for (const path of later.toReversed()) files.remove(path)
  if (first !== undefined && sizeBytes > 0) truncateSync(first, sizeBytes)
  else if (first !== undefined) files.remove(first)
  return totalBytes - sizeBytes
}
