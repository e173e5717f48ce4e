import type { Logger } from '@towline/contracts'
import { type PartitionId, partitionId, type TopicPartition } from '../../ports/record.ts'

const REPEAT_MS = 10_000

/** Says that a partition cannot be read, at most once in ten seconds each: it is asked for again at every turn. */
export class RefusedPartitions {
  readonly #log: Logger | undefined
  readonly #toldAtMs = new Map<PartitionId, number>()

  constructor(log: Logger | undefined) {
    this.#log = log
  }

  /** `nowMs` is monotonic. */
  note(tp: TopicPartition, error: Error, nowMs: number): void {
    const toldAtMs = this.#toldAtMs.get(partitionId(tp))
    if (toldAtMs !== undefined && nowMs - toldAtMs < REPEAT_MS) return
    this.#toldAtMs.set(partitionId(tp), nowMs)
    this.#log?.warn({ ...tp, err: error }, 'a partition cannot be read; trying again')
  }
}
