import type { Clock } from '@towline/contracts'
import type { PartitionProgress } from './sent-ledger.ts'

/** How far a replay is, for a progress bar. */
export interface ReplayProgress {
  /** Records in the target, those of earlier runs included. */
  readonly records: number
  /** Records there will be, where a dry run counted them. */
  readonly totalRecords: number | null
  /** Offsets done with, of those in the plan: the lag of the replay's group, turned round. */
  readonly offsets: number
  readonly totalOffsets: number
  /** Records per second since this run began. */
  readonly recordsPerSecond: number
  /** At the speed of this run so far; null while nothing tells. */
  readonly etaMs: number | null
}

/** Where a replay stands at some moment. */
export interface ReplayStanding {
  readonly records: number
  readonly offsets: number
  readonly totalOffsets: number
  readonly monotonicMs: number
}

/** Offsets done with, and offsets in all. */
export function offsetsDone(partitions: readonly PartitionProgress[]): { offsets: number; totalOffsets: number } {
  let offsets = 0
  let totalOffsets = 0
  for (const { from, to, next } of partitions) {
    offsets += next - from
    totalOffsets += to - from
  }
  return { offsets, totalOffsets }
}

/** Progress of a run that stood at `start` when it began. The time left goes by records where their total is known. */
export function progressSince(start: ReplayStanding, now: ReplayStanding, totalRecords: number | null): ReplayProgress {
  const elapsedMs = now.monotonicMs - start.monotonicMs
  const doneByNow = totalRecords === null ? now.offsets - start.offsets : now.records - start.records
  const left = totalRecords === null ? now.totalOffsets - now.offsets : totalRecords - now.records
  return {
    records: now.records,
    totalRecords,
    offsets: now.offsets,
    totalOffsets: now.totalOffsets,
    recordsPerSecond: elapsedMs > 0 ? ((now.records - start.records) * 1_000) / elapsedMs : 0,
    etaMs: left <= 0 ? 0 : doneByNow > 0 ? (left * elapsedMs) / doneByNow : null,
  }
}

const TELL_MS = 200

/** Tells somebody how far a run is, not more often than anybody looks. */
export class ProgressTeller {
  readonly #listener: (progress: ReplayProgress) => void
  readonly #totalRecords: number | null
  readonly #clock: Clock
  readonly #look: () => { readonly records: number; readonly partitions: readonly PartitionProgress[] }
  readonly #start: ReplayStanding
  #toldAtMs: number

  constructor(
    options: { readonly onProgress: (progress: ReplayProgress) => void; readonly expectedRecords: number | null },
    clock: Clock,
    look: () => { readonly records: number; readonly partitions: readonly PartitionProgress[] },
  ) {
    this.#listener = options.onProgress
    this.#totalRecords = options.expectedRecords
    this.#clock = clock
    this.#look = look
    this.#start = this.#standing()
    this.#toldAtMs = this.#start.monotonicMs
  }

  tellNowAndThen(): void {
    if (this.#clock.monotonicMs() - this.#toldAtMs >= TELL_MS) this.tell()
  }

  tell(): void {
    this.#toldAtMs = this.#clock.monotonicMs()
    this.#listener(progressSince(this.#start, this.#standing(), this.#totalRecords))
  }

  #standing(): ReplayStanding {
    const { records, partitions } = this.#look()
    return { records, ...offsetsDone(partitions), monotonicMs: this.#clock.monotonicMs() }
  }
}
