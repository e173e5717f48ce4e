import { type Clock, type CommitNote, recordHash } from '@towline/contracts'
import type { KafkaRecord } from '@towline/kafka'
import { copyOf, isNoteOf } from './partition-intake.ts'
import { PinnedMarker } from './pinned-marker.ts'

/**
 * Whether the log is the one that the note taken over speaks of. `later-base`: its record is gone, so the note is void from
 * the first record that is there.
 */
export type LogVerdict =
  | { readonly kind: 'same' }
  | { readonly kind: 'other-log' }
  | { readonly kind: 'later-base'; readonly base: number }

const SAME: LogVerdict = { kind: 'same' }

export interface PartitionNoteContext {
  readonly clock: Clock
  /**
   * A confirmed commit says that this record finished: leaves a marker of it, where there is none or, `again`, in place
   * of the one there is. Rejects when it could not be written.
   */
  remember(record: KafkaRecord, how: 'first' | 'again'): Promise<void>
}

const NOTHING = { base: 0, finished: undefined }

/** What the commit notes of a partition say of records: the one taken over, and those it writes. */
export class PartitionNote {
  readonly #logStart: number
  readonly #context: PartitionNoteContext
  readonly #pinnedMarker: PinnedMarker
  #inherited: CommitNote | null
  #lastFinished: KafkaRecord | undefined
  /** The base of the commit under way, and the highest record it calls finished. */
  #committing: { readonly base: number; readonly finished: KafkaRecord | undefined } = NOTHING
  #isRemembered = false

  constructor(inherited: CommitNote | null, logStart: number, context: PartitionNoteContext) {
    this.#inherited = inherited
    this.#logStart = logStart
    this.#context = context
    this.#pinnedMarker = new PinnedMarker(context.clock, (record) => context.remember(record, 'again'))
  }

  /** Looks at the first record from the base of the note taken over on; where the log begins there, no record is missed. */
  judge(records: readonly KafkaRecord[]): LogVerdict {
    const note = this.#inherited
    if (note === null || note.hashIsBelowBase) return SAME
    const record = records.find(({ offset }) => offset >= note.base)
    if (record === undefined) return SAME
    this.#inherited = null
    if (isNoteOf(note, record)) return SAME
    if (record.offset === note.base && note.base > this.#logStart) return { kind: 'other-log' }
    return { kind: 'later-base', base: record.offset }
  }

  finished(record: KafkaRecord): void {
    if (record.offset >= (this.#lastFinished?.offset ?? -1)) this.#lastFinished = record
  }

  /** The note taken over says so; its batch is not kept alive. */
  hadFinished(record: KafkaRecord): void {
    if (record.offset > (this.#lastFinished?.offset ?? -1)) this.#lastFinished = copyOf(record)
  }

  /** @param unfinished The record at the base, where it is there. */
  hashAt(base: number, unfinished: KafkaRecord | undefined): Pick<CommitNote, 'hash' | 'hashIsBelowBase'> {
    if (unfinished !== undefined) {
      return { hash: recordHash(unfinished.key, unfinished.value), hashIsBelowBase: false }
    }
    if (this.#inherited?.base === base) return this.#inherited
    const last = this.#lastFinished
    return { hash: last === undefined ? 0 : recordHash(last.key, last.value), hashIsBelowBase: true }
  }

  commitBegins(base: number): void {
    this.#committing = { base, finished: this.#lastFinished }
  }

  commitConfirmed(): void {
    const { base, finished } = this.#committing
    this.#pinnedMarker.commitConfirmed(base, finished)
    if (finished === undefined || this.#isRemembered) return
    this.#isRemembered = true
    this.#context.remember(finished, 'first').catch(() => {
      this.#isRemembered = false // The next confirmed commit tries again.
    })
  }

  /** Nothing is marked any more but what commits that are under way say. */
  stop(): void {
    this.#pinnedMarker.stop()
  }
}
