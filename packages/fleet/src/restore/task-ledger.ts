import type { TaskEnvelope } from '@towline/contracts'
import { type PartitionId, partitionId, type TopicPartition } from '@towline/kafka'

/** One life of a task, and which of its records is the one that goes on. */
interface Life {
  readonly life: number
  hasEnded: boolean
  latest: LedgerRecord
}

/** A record of a topic that runners consume, as far as it matters to what is left to do. */
export interface LedgerRecord {
  readonly tp: TopicPartition
  readonly offset: number
  readonly timestampMs: number
  readonly isTier: boolean
  readonly attempt: number
}

/** What has to be known of a record to tell where its partition goes on. */
export interface Progress {
  readonly offset: number
  /** Nothing is left to do with it: its life has ended, or the task went on as a later record, in a retry tier. */
  readonly isFinished: boolean
  readonly taskId: string
  readonly timestampMs: number
}

interface Entry {
  readonly taskId: string
  readonly record: LedgerRecord
  readonly life: Life
}

/** What the log says of tasks: which of their records are finished. Pure; every record is added before it is asked. */
export class TaskLedger {
  readonly #lives = new Map<string, Life[]>()
  readonly #entries = new Map<PartitionId, Entry[]>()
  #unended = 0
  #earliestMs = Number.POSITIVE_INFINITY

  add(record: Omit<LedgerRecord, 'attempt'>, { taskId, life, attempt, queuedAtMs }: TaskEnvelope): void {
    const full = { ...record, attempt }
    const lives = this.#lives.get(taskId) ?? []
    let found = lives.find((candidate) => candidate.life === life)
    if (found === undefined) {
      found = { life, hasEnded: false, latest: full }
      lives.push(found)
      this.#lives.set(taskId, lives)
      this.#unended += 1
    } else if (isLater(full, found.latest)) found.latest = full
    const id = partitionId(record.tp)
    const entries = this.#entries.get(id) ?? []
    entries.push({ taskId, record: full, life: found })
    this.#entries.set(id, entries)
    this.#earliestMs = Math.min(this.#earliestMs, queuedAtMs, record.timestampMs)
  }

  /** No end of these tasks is older, in epoch milliseconds. */
  get earliestMs(): number {
    return this.#earliestMs
  }

  /** Lives whose end was not added yet. */
  get unended(): number {
    return this.#unended
  }

  knows(taskId: string): boolean {
    return this.#lives.has(taskId)
  }

  addEnd(taskId: string, life: number): void {
    const found = this.#lives.get(taskId)?.find((candidate) => candidate.life === life)
    if (found === undefined || found.hasEnded) return
    found.hasEnded = true
    this.#unended -= 1
  }

  /** The records of a partition, in offset order. */
  of(tp: TopicPartition): readonly Progress[] {
    return (this.#entries.get(partitionId(tp)) ?? [])
      .map(({ taskId, record, life }) => ({
        taskId,
        offset: record.offset,
        timestampMs: record.timestampMs,
        isFinished: life.hasEnded || life.latest !== record,
      }))
      .sort((a, b) => a.offset - b.offset)
  }
}

/** A task moves on with a higher attempt, or, deferred or repeated, with the same one into a tier. */
function isLater(a: LedgerRecord, b: LedgerRecord): boolean {
  if (a.attempt !== b.attempt) return a.attempt > b.attempt
  if (a.isTier !== b.isTier) return a.isTier
  return a.isTier && a.timestampMs >= b.timestampMs
}
