import { join } from 'node:path'
import type { BatchPlace, BatchStore, StoredBatch } from '../log/batch-store.ts'
import type { DataFiles } from './data-files.ts'
import { type Damage, recoverSegments, type Segment } from './recover-segments.ts'

const SEGMENT_BYTES = 64 * 1024 ** 2

export interface SegmentsOptions {
  readonly files: DataFiles
  readonly onDamage: (damage: Damage) => void
  /** Default: 64 MiB. */
  readonly segmentBytes?: number
}

export function segmentPath(folder: string, baseOffset: number): string {
  return join(folder, `${String(baseOffset).padStart(20, '0')}.log`)
}

/** The batches of one partition, in files of its folder. */
export class Segments implements BatchStore {
  readonly #folder: string
  readonly #files: DataFiles
  readonly #segmentBytes: number
  readonly #onDamage: (damage: Damage) => void
  #segments: Segment[] = []

  /** A segment that would grow beyond `segmentBytes` is followed by another one. `onDamage` is told of what was not recovered. */
  constructor(folder: string, { files, onDamage, segmentBytes = SEGMENT_BYTES }: SegmentsOptions) {
    this.#folder = folder
    this.#files = files
    this.#onDamage = onDamage
    this.#segmentBytes = segmentBytes
  }

  recover(startOffset: number): readonly StoredBatch[] {
    const { segments, batches, damage } = recoverSegments(this.#folder, startOffset, this.#files)
    for (const each of damage) this.#onDamage(each)
    this.#segments = [...segments]
    return batches
  }

  append(baseOffset: number, bytes: Buffer): BatchPlace {
    const last = this.#segments.at(-1)
    const fits = last !== undefined && last.sizeBytes + bytes.length <= this.#segmentBytes
    const segment = fits ? last : { path: segmentPath(this.#folder, baseOffset), baseOffset, sizeBytes: 0 }
    const { path, sizeBytes: position } = segment
    this.#files.write(path, position, bytes)
    segment.sizeBytes += bytes.length
    if (segment !== last) this.#segments.push(segment)
    return { path, position }
  }

  read(batches: readonly StoredBatch[]): Buffer[] {
    const runs: { path: string; position: number; end: number }[] = []
    for (const { place, sizeBytes } of batches) {
      const { path, position } = place as Exclude<BatchPlace, Buffer>
      const run = runs.at(-1)
      if (run?.path === path && run.end === position) run.end += sizeBytes
      else runs.push({ path, position, end: position + sizeBytes })
    }
    return runs.map(({ path, position, end }) => this.#files.read(path, position, end - position))
  }

  truncateBefore(offset: number, endOffset: number): void {
    const nextBase = (i: number): number => this.#segments[i + 1]?.baseOffset ?? endOffset
    const kept = this.#segments.filter((_, i) => nextBase(i) > offset)
    for (const segment of this.#segments) if (!kept.includes(segment)) this.#files.remove(segment.path)
    this.#segments = kept
  }
}
