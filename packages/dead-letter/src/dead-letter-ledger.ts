import { type Failure, truncateUtf8 } from '@towline/contracts'
import type { KafkaRecord, TopicPartition } from '@towline/kafka'
import type { DeadLetter, DeadLetterError, DeadLetterState } from './dead-letter.ts'
import type { LetterTest } from './dead-letter-filter.ts'
import { type Letter, readDeadLetterRecord } from './dead-letter-record.ts'
import { errorKind } from './error-fingerprint.ts'
import type { ReadResolution } from './moved-record.ts'
import type { KnownEnd } from './task-end.ts'

// The books of one dead-letter topic, kept while its records and then the ends of its tasks stream by. Pure: no I/O.
//   D1. One entry per (task id, life): its first record tells it, later ones only raise `records`.
//   D2. The first resolution counts, wherever it stands: retention may have taken the letter before it.
//   D3. The first end counts. Dead-lettered = open, none = pending, another = void.
//   D4. No payload is kept; every text that is kept has a bound.

const MESSAGE_BYTES = 256
const KEY_BYTES = 128
const MAX_RESOLUTIONS = 10
const NO_RESOLUTIONS: readonly ReadResolution[] = []

/** What is known of one life of one task. A life whose letter did not match the filter is a row without an entry. */
interface LifeRow {
  readonly life: number
  entry: LetterEntry | undefined
  hasLetter: boolean
  records: number
  /** In the order written, at most MAX_RESOLUTIONS; the first counts. */
  resolutions: readonly ReadResolution[]
  end: KnownEnd | 'not-retained' | null
}

type LetterEntry = Omit<DeadLetter, 'state' | 'end' | 'records' | 'resolution'>

/** A dead letter whose end is yet to be found. */
export interface UnresolvedLetter {
  readonly taskId: string
  readonly life: number
  readonly deadAtMs: number
  /** The earliest moment known of this task, epoch milliseconds. */
  readonly earliestAtMs: number
  readonly origin: DeadLetter['origin']
}

export class DeadLetterLedger {
  readonly #matches: LetterTest
  readonly #lives = new Map<string, LifeRow[]>()
  #foreign = 0

  constructor(matches: LetterTest) {
    this.#matches = matches
  }

  /** Records of the topic that are neither a dead letter nor a resolution. */
  get foreign(): number {
    return this.#foreign
  }

  /** Takes the next record of the dead-letter topic, in offset order per partition. */
  add(tp: TopicPartition, record: KafkaRecord): void {
    const read = readDeadLetterRecord(tp, record)
    switch (read.kind) {
      case 'foreign':
        this.#foreign += 1
        return
      case 'resolution': {
        const row = this.#row(read.resolution.resolves.taskId, read.resolution.resolves.life)
        if (row.resolutions.length < MAX_RESOLUTIONS) row.resolutions = [...row.resolutions, read.resolution]
        return
      }
      case 'letter': {
        const row = this.#row(read.letter.envelope.taskId, read.letter.envelope.life)
        row.records += 1
        if (row.hasLetter) return // D1
        row.hasLetter = true
        if (this.#matches(read.letter)) row.entry = entryOf(tp.partition, read.letter)
      }
    }
  }

  /** The matching letters nobody resolved: those whose ends decide what they are. */
  *unresolved(): IterableIterator<UnresolvedLetter> {
    for (const rows of this.#lives.values()) {
      for (const { entry, resolutions } of rows) {
        if (entry === undefined || resolutions.length > 0) continue
        const { taskId, life, deadAtMs, origin, firstFailedAtMs } = entry
        yield { taskId, life, deadAtMs, earliestAtMs: Math.min(deadAtMs, firstFailedAtMs ?? deadAtMs), origin }
      }
    }
  }

  /** Takes the next end of a task, in the offset order of its results partition. True when it is the first of a letter. */
  addEnd(taskId: string, life: number, end: KnownEnd): boolean {
    const rows = this.#lives.get(taskId)
    if (rows === undefined) return false
    const row = rows.find((candidate) => candidate.life === life)
    if (row === undefined) {
      rows.push({ ...newRow(life), end })
      return false
    }
    if (row.end !== null && row.end !== 'not-retained') return false // D3
    const isFirst = row.end === null
    row.end = end
    return isFirst && row.entry !== undefined && row.resolutions.length === 0
  }

  /** Says that the end of a letter, if there was one, is no longer in the log. Ignored where an end was found. */
  endNotRetained(taskId: string, life: number): void {
    const row = this.#lives.get(taskId)?.find((candidate) => candidate.life === life)
    if (row !== undefined) row.end ??= 'not-retained'
  }

  /** Whether anything tells of a life after `life`: then a redrive of it was sent, whether or not a resolution says so. */
  hasLaterLife(taskId: string, life: number): boolean {
    return this.#lives.get(taskId)?.some((row) => row.life > life) ?? false
  }

  /** Every resolution of every life of a task, oldest first. */
  resolutionsOf(taskId: string): ReadResolution[] {
    const resolutions = this.#lives.get(taskId)?.flatMap((row) => row.resolutions) ?? []
    return resolutions.sort((a, b) => a.resolves.life - b.resolves.life || a.atMs - b.atMs)
  }

  /** What matched, oldest first. */
  entries(): DeadLetter[] {
    const entries: DeadLetter[] = []
    for (const rows of this.#lives.values()) {
      for (const row of rows) if (row.entry !== undefined) entries.push(settle(row.entry, row))
    }
    return entries.sort((a, b) => a.deadAtMs - b.deadAtMs || a.partition - b.partition || a.offset - b.offset)
  }

  #row(taskId: string, life: number): LifeRow {
    const rows = this.#lives.get(taskId)
    const found = rows?.find((candidate) => candidate.life === life)
    if (found !== undefined) return found
    const row = newRow(life)
    if (rows === undefined) this.#lives.set(taskId, [row])
    else rows.push(row)
    return row
  }
}

function newRow(life: number): LifeRow {
  return { life, entry: undefined, hasLetter: false, records: 0, resolutions: NO_RESOLUTIONS, end: null }
}

function settle(entry: LetterEntry, row: LifeRow): DeadLetter {
  const { records, resolutions, end } = row
  const [resolution = null] = resolutions // D2
  return { ...entry, state: stateOf(row), end: resolution === null ? end : undefined, records, resolution }
}

function stateOf({ resolutions, end }: LifeRow): DeadLetterState {
  if (resolutions.length > 0) return 'resolved'
  switch (end) {
    case null:
      return 'pending'
    case 'dead-lettered':
    case 'not-retained':
      return 'open'
    case 'succeeded':
    case 'cancelled':
    case 'expired':
    case 'unknown':
      return 'void'
  }
}

function entryOf(partition: number, { record, envelope, reason }: Letter): LetterEntry {
  const { lastFailure } = envelope
  return {
    taskId: envelope.taskId,
    life: envelope.life,
    reason,
    attempts: lastFailure?.attempt ?? envelope.attempt,
    error: lastFailure === undefined ? null : errorOf(lastFailure),
    firstFailedAtMs: envelope.firstFailure?.atMs ?? null,
    deadAtMs: record.timestampMs,
    key: record.key === null ? envelope.taskId : record.key.toString('utf8', 0, KEY_BYTES),
    tenant: envelope.tenant ?? null,
    origin: envelope.origin,
    partition,
    offset: record.offset,
  }
}

function errorOf(failure: Failure): DeadLetterError {
  return { ...errorKind(failure), message: truncateUtf8(failure.message, MESSAGE_BYTES) }
}
