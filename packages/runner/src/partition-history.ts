import {
  type Clock,
  type CommitNote,
  decodeCommitNote,
  encodeCommitNote,
  type FinishedRecord,
  type GroupMarker,
  groupMarkerKey,
  isTowlineError,
  parseTopicName,
  recordHash,
  TowlineError,
} from '@towline/contracts'
import {
  type FreshAssignment,
  type GroupMarkers,
  type KafkaRecord,
  partitionId,
  type ReaderPort,
  type TopicPartition,
} from '@towline/kafka'
import { noteBelowLog, rebased, saysFinished } from './note-rebase.ts'

export interface PartitionHistoryContext {
  readonly markers: Pick<GroupMarkers, 'refresh' | 'get' | 'write'>
  readonly reader: Pick<ReaderPort, 'read'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly runnerId: string
}

const ONE_RECORD_BYTES = 64 * 1024

/** What is committed was deleted; its note still counts, and reads so from the first record on that is there. */
export class LaterBase {
  readonly base: number
  readonly metadata: string

  constructor(base: number, metadata: string) {
    this.base = base
    this.metadata = metadata
  }
}

/** What a partition may become once its history was looked up. `other-log`: what is committed speaks of a former topic. */
export type HistoryVerdict = 'begin' | 'other-log' | LaterBase | TowlineError

/**
 * Whether it must be looked up, before a partition is begun, what its group finished there. With nothing committed all
 * of the log would run, also if that was different once (D13); an offset and a note of which no record is to come must
 * be of this log; so must a note that outlived the record it is checked by.
 */
export function needsHistory(assignment: FreshAssignment): boolean {
  const { committed, metadata, logStart, logEnd } = assignment
  if (committed === null) return logStart < logEnd
  if (noteBelowLog(assignment) !== null) return true
  return committed > logStart && committed <= logEnd && hashBelow(committed, metadata) !== null
}

/** The hash of the last finished record, where the note of this offset has it. */
function hashBelow(committed: number, metadata: string): number | null {
  const note = decodeCommitNote(metadata)
  return note !== null && note.base === committed && note.hashIsBelowBase && note.hash !== 0 ? note.hash : null
}

/**
 * Tells a partition that a group never worked from one whose committed offset expired or was deleted (D13): of the
 * latter a marker is left, and a record that finished, by which a topic made anew under the same name is known. By the
 * same record a note is known to be of this log whose own record retention has deleted.
 */
export class PartitionHistory {
  readonly #context: PartitionHistoryContext
  /** Markers that speak of a former topic of the same name. */
  readonly #void = new Set<string>()
  #hasMarkers = false

  constructor(context: PartitionHistoryContext) {
    this.#context = context
  }

  /**
   * What becomes of fresh partitions, in their order.
   *
   * @throws TowlineError TOWLINE_BROKER_UNAVAILABLE, TOWLINE_TOPIC_MISSING
   */
  async judge(groupId: string, assignments: readonly FreshAssignment[]): Promise<readonly HistoryVerdict[]> {
    const needsMarkers = ({ committed, logStart }: FreshAssignment): boolean =>
      committed === null || committed < logStart
    if (assignments.some(needsMarkers)) await this.#readMarkers()
    return await Promise.all(assignments.map((assignment) => this.#judge(groupId, assignment)))
  }

  /** What was committed or marked for it speaks of a former topic of the same name. */
  forget(groupId: string, tp: TopicPartition): void {
    this.#void.add(groupMarkerKey(groupId, tp))
  }

  /** Leaves a marker; `first`: unless there is one of this log, `again`: unless it names this record or a later one. */
  async remember(groupId: string, tp: TopicPartition, record: KafkaRecord, how: 'first' | 'again'): Promise<void> {
    const { markers, clock, runnerId } = this.#context
    if (how === 'again' || !this.#hasMarkers) await this.#readMarkers()
    const known = this.#markerOf(groupId, tp)
    const markedAt = known?.finished?.offset ?? -1
    if (markedAt >= (how === 'first' ? 0 : record.offset)) return
    const first = known ?? { atMs: clock.nowMs(), by: runnerId, restored: null }
    await markers.write(groupId, tp, { ...first, finished: finishedRecordOf(record) })
    this.#void.delete(groupMarkerKey(groupId, tp))
  }

  async #readMarkers(): Promise<void> {
    await this.#context.markers.refresh()
    this.#hasMarkers = true
  }

  #markerOf(groupId: string, tp: TopicPartition): GroupMarker | null {
    return this.#void.has(groupMarkerKey(groupId, tp)) ? null : this.#context.markers.get(groupId, tp)
  }

  async #judge(groupId: string, assignment: FreshAssignment): Promise<HistoryVerdict> {
    const { tp, committed, metadata } = assignment
    const note = noteBelowLog(assignment)
    if (note !== null) return await this.#laterBase(note, this.#markerOf(groupId, tp), assignment)
    if (committed !== null) {
      const last = await this.#recordAt(tp, committed - 1)
      const isSameLog = last === null || recordHash(last.key, last.value) === hashBelow(committed, metadata)
      return isSameLog ? 'begin' : 'other-log'
    }
    const marker = this.#markerOf(groupId, tp)
    if (marker === null) return 'begin'
    if (await this.#isOfThisLog(marker, assignment)) return offsetsExpired(groupId, tp, marker)
    this.forget(groupId, tp)
    return 'begin'
  }

  async #isOfThisLog({ finished }: GroupMarker, { tp, logStart, logEnd }: FreshAssignment): Promise<boolean> {
    if (finished === null || finished.offset < logStart) return true
    if (finished.offset >= logEnd) return false
    const record = await this.#recordAt(tp, finished.offset)
    return record === null || isSame(finishedRecordOf(record), finished)
  }

  /** On any doubt the note is void: what it calls finished runs again, rather than that another log's tasks never run. */
  async #laterBase(
    note: CommitNote,
    marker: GroupMarker | null,
    { tp, logStart, logEnd }: FreshAssignment,
  ): Promise<HistoryVerdict> {
    const finished = marker?.finished ?? null
    if (finished === null || finished.offset < logStart || !saysFinished(note, finished.offset)) return 'begin'
    const record = await this.#recordAt(tp, finished.offset)
    if (record === null || !isSame(finishedRecordOf(record), finished)) return 'begin'
    const first = await this.#firstRecord(tp, logStart, logEnd)
    return first === null
      ? 'begin'
      : new LaterBase(first.offset, encodeCommitNote(rebased(note, first, finished.offset)))
  }

  /** Null where the log holds no record at this offset, or none any more. */
  async #recordAt(tp: TopicPartition, offset: number): Promise<KafkaRecord | null> {
    return await this.#firstRecord(tp, offset, offset + 1)
  }

  async #firstRecord(tp: TopicPartition, from: number, to: number): Promise<KafkaRecord | null> {
    const range = { tp, from, to, maxBytes: ONE_RECORD_BYTES }
    try {
      for await (const { records } of this.#context.reader.read(range)) {
        const [record] = records
        if (record !== undefined) return record
      }
    } catch (error) {
      if (!isTowlineError(error, 'TOWLINE_OFFSET_OUT_OF_RANGE')) throw error
    }
    return null
  }
}

function finishedRecordOf({ offset, timestampMs, key, value }: KafkaRecord): FinishedRecord {
  return { offset, timestampMs, hash: recordHash(key, value) }
}

function isSame(a: FinishedRecord, b: FinishedRecord): boolean {
  return a.offset === b.offset && a.timestampMs === b.timestampMs && a.hash === b.hash
}

function offsetsExpired(groupId: string, tp: TopicPartition, { atMs }: GroupMarker): TowlineError {
  const since = new Date(atMs).toISOString()
  const agent = parseTopicName(tp.topic)?.agent ?? '<agent>'
  return new TowlineError(
    'TOWLINE_OFFSETS_EXPIRED',
    `group "${groupId}" has finished tasks of ${partitionId(tp)} since ${since}, and Kafka holds no committed offset for it any more: what is retained would all run again`,
    {
      value: partitionId(tp),
      wayOut: `See where it would go on: towline offsets restore ${agent} --dry-run`,
    },
  )
}
