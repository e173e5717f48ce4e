import { type CommitNote, recordHash } from '@towline/contracts'
import type { KafkaRecord } from '@towline/kafka'
import { copyOf, isNoteOf } from './partition-intake.ts'

/**
 * Whether the log is the one that the note taken over speaks of. `later-base`: its record is gone, so the note is void from
 * the first record that is there.
 */
export type LogVerdict =
  | { readonly kind: 'same' }
  | { readonly kind: 'other-log' }
  | { readonly kind: 'later-base'; readonly base: number }

const SAME: LogVerdict = { kind: 'same' }

/** What the commit notes of a partition say of records: the one taken over, and those it writes. */
export class PartitionNote {
  readonly #logStart: number
  readonly #leaveMarker: (record: KafkaRecord) => Promise<void>
  #inherited: CommitNote | null
  #lastFinished: KafkaRecord | undefined
  /** What the commit under way says finished, until a marker of it is left. */
  #toRemember: KafkaRecord | 'remembered' | undefined

  /** @param leaveMarker Of a record whose finish a confirmed commit tells, once. Rejects when it could not be written. */
  constructor(inherited: CommitNote | null, logStart: number, leaveMarker: (record: KafkaRecord) => Promise<void>) {
    this.#inherited = inherited
    this.#logStart = logStart
    this.#leaveMarker = leaveMarker
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

  commitBegins(): void {
    if (this.#toRemember !== 'remembered') this.#toRemember = this.#lastFinished
  }

  commitConfirmed(): void {
    const record = this.#toRemember
    if (record === undefined || record === 'remembered') return
    this.#toRemember = 'remembered'
    this.#leaveMarker(record).catch(() => {
      this.#toRemember = undefined // The next confirmed commit tries again.
    })
  }
}
