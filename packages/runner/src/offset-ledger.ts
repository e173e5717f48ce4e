import { type CommitNote, NOTE_BODY_MAX_BYTES, noteUpperBoundBytes, type UnfinishedOffset } from '@towline/contracts'

// Which offsets of one partition are done, and how far the group may commit. Pure: no clock, no I/O.
// The runner makes one per assigned partition and drops it when the partition is lost.
//   L1. committable never passes an offset that was read, or listed by the note taken over, and is not finished.
//   L2. committable never moves back while the assignment lasts.
//   L3. Offsets Kafka never delivered (compaction, control records) are gaps, not unfinished work.
//   L4. What the note taken over calls finished stays finished: it is neither run nor forgotten by later notes.
//   L5. An offset starts only while the note that would list it still fits; the lowest unfinished one always may start,
//       so that room is made again.
//   L6. What an owner before had started stays marked until it has started here: being put off is not having stopped.

class Entry<T> {
  readonly offset: number
  /** Cleared when the entry goes: see {@link OffsetLedger}. */
  task: T | undefined = undefined
  delivered: boolean
  attempts: number
  deliveries: number
  started: boolean
  startedHere = false

  constructor({ offset, attempts, deliveries, started }: UnfinishedOffset, delivered: boolean) {
    this.offset = offset
    this.delivered = delivered
    this.attempts = attempts
    this.deliveries = deliveries
    this.started = started
  }
}

/** What a commit says of one partition, without the owner and the hash that its caller adds. */
export type LedgerState = Pick<CommitNote, 'base' | 'end' | 'unfinished'>

/** `attempts` were spent in place and, where `started`, one more began, as the note taken over says. */
export type AdmittedOffset =
  | { readonly kind: 'run'; readonly attempts: number; readonly started: boolean }
  | { readonly kind: 'finished' }

/** Kept for the mark of the lowest unfinished offset, which may start when nothing else may: a gap and a state. */
const SPARE_BYTES = 8
const FRESH: AdmittedOffset = { kind: 'run', attempts: 0, started: false }

/** @typeParam T What stands at an offset until it is finished. */
export class OffsetLedger<T = never> {
  /**
   * A Map that is added to and deleted from leaves a chain of outgrown tables behind, which hold what was in them alive
   * until the next major collection. Entries are small, and let go of their task.
   */
  readonly #entries = new Map<number, Entry<T>>()
  /** Offsets of #entries in ascending order from #head; finished ones are skipped lazily. */
  #order: number[] = []
  #head = 0
  #position: number
  #end: number
  /** The offset after the highest that finished or was ever marked: no note speaks of anything from here on. */
  #reach: number
  /** Unfinished offsets below #reach. */
  #within = 0
  #marked = 0

  /** `base` is where reading starts: the committed offset, or the log start. `note` is the one taken over, if any. */
  constructor(base: number, note: LedgerState | null) {
    this.#position = base
    this.#end = Math.max(base, note?.end ?? base)
    this.#reach = this.#end
    for (const unfinished of note?.unfinished ?? []) this.#add(new Entry(unfinished, false))
  }

  /** Offset to read next. */
  get position(): number {
    return this.#position
  }

  get unfinishedCount(): number {
    return this.#entries.size
  }

  /** Finished above the committable offset: what effective lag leaves out. */
  get finishedAhead(): number {
    let unfinishedBelowEnd = 0
    for (const entry of this.#entries.values()) if (entry.offset < this.#end) unfinishedBelowEnd += 1
    return Math.max(0, this.#end - this.committable - unfinishedBelowEnd)
  }

  /** How many offsets of `[from, to)` are finished. */
  finishedWithin(from: number, to: number): number {
    const end = Math.min(to, Math.max(this.#end, this.committable))
    let unfinished = 0
    for (const { offset } of this.#entries.values()) if (offset >= from && offset < end) unfinished += 1
    return Math.max(0, end - from - unfinished)
  }

  /** The next offset to commit: everything below it is finished (L1). */
  get committable(): number {
    return Math.min(this.#lowestUnfinished() ?? this.#position, this.#position)
  }

  /** A record was read. `run`: it is unfinished now. `finished`: the note taken over says it finished (L4). */
  admit(offset: number): AdmittedOffset {
    const known = this.#entries.get(offset)
    if (known !== undefined) {
      known.delivered = true
      return { kind: 'run', attempts: known.attempts, started: known.started }
    }
    if (offset < this.#end) return { kind: 'finished' }
    this.#add(new Entry({ offset, attempts: 0, deliveries: 0, started: false }, true))
    return FRESH
  }

  /** Keeps the task of an admitted offset until it is finished. */
  hold(offset: number, task: T): void {
    const entry = this.#entries.get(offset)
    if (entry !== undefined) entry.task = task
  }

  /** What is held of an unfinished offset. */
  taskAt(offset: number): T | undefined {
    return this.#entries.get(offset)?.task
  }

  /** All that is held. */
  *tasks(): Iterable<T> {
    for (const { task } of this.#entries.values()) if (task !== undefined) yield task
  }

  /** Reading got to `next`; what was listed below it and never delivered is a gap (L3). */
  advance(next: number): void {
    if (next <= this.#position) return
    for (let at = this.#head; at < this.#order.length; at += 1) {
      const entry = this.#entries.get(this.#order[at] ?? -1)
      if (entry === undefined) continue
      if (entry.offset >= next) break
      if (!entry.delivered) this.#remove(entry)
    }
    this.#position = next
  }

  /** Whether an attempt of this unfinished offset may start (L5). */
  hasRoomFor(offset: number): boolean {
    const base = this.committable
    const entry = this.#entries.get(offset)
    if (offset === base || (entry !== undefined && isMarked(entry))) return true
    const beyond = Math.max(0, offset + 1 - this.#reach)
    const entries = this.#within + Math.min(beyond, this.#entries.size - this.#within)
    const size = { span: this.#reach + beyond - base, entries, marked: this.#marked + 1 }
    return noteUpperBoundBytes(size) <= NOTE_BODY_MAX_BYTES - SPARE_BYTES
  }

  start(offset: number): void {
    const entry = this.#entries.get(offset)
    if (entry === undefined) return
    this.#mark(entry, () => {
      entry.started = true
      entry.startedHere = true
    })
  }

  /** An attempt ended, or was put off before it began, and the task stays here; `attempts` were spent in place so far. */
  stopped(offset: number, attempts: number): void {
    const entry = this.#entries.get(offset)
    if (entry === undefined) return
    this.#mark(entry, () => {
      if (entry.startedHere) entry.started = false // L6
      entry.attempts = attempts
    })
  }

  finish(offset: number): void {
    const entry = this.#entries.get(offset)
    if (entry === undefined) return
    this.#remove(entry)
    this.#end = Math.max(this.#end, offset + 1)
    this.#reachTo(this.#end)
  }

  state(): LedgerState {
    const base = this.committable
    const end = Math.max(this.#end, base)
    const unfinished: UnfinishedOffset[] = []
    for (const entry of this.#entries.values()) {
      if (entry.offset < end || isMarked(entry)) unfinished.push(snapshot(entry))
    }
    unfinished.sort((a, b) => a.offset - b.offset)
    return { base, end, unfinished }
  }

  #add(entry: Entry<T>): void {
    this.#entries.set(entry.offset, entry)
    if (entry.offset < this.#reach) this.#within += 1
    if (isMarked(entry)) this.#marked += 1
    const last = this.#order.at(-1)
    if (last === undefined || last < entry.offset) this.#order.push(entry.offset)
    else this.#order.splice(this.#order.findLastIndex((offset) => offset < entry.offset) + 1, 0, entry.offset)
    if (isMarked(entry)) this.#reachTo(entry.offset + 1)
  }

  #remove(entry: Entry<T>): void {
    this.#entries.delete(entry.offset)
    entry.task = undefined
    if (entry.offset < this.#reach) this.#within -= 1
    if (isMarked(entry)) this.#marked -= 1
  }

  #mark(entry: Entry<T>, change: () => void): void {
    if (isMarked(entry)) this.#marked -= 1
    change()
    if (!isMarked(entry)) return
    this.#marked += 1
    this.#reachTo(entry.offset + 1)
  }

  #reachTo(reach: number): void {
    for (; this.#reach < reach; this.#reach += 1) if (this.#entries.has(this.#reach)) this.#within += 1
  }

  #lowestUnfinished(): number | undefined {
    while (this.#head < this.#order.length && !this.#entries.has(this.#order[this.#head] ?? -1)) this.#head += 1
    if (this.#head > 1024 && this.#head * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#head)
      this.#head = 0
    }
    return this.#order[this.#head]
  }
}

function isMarked(entry: Entry<unknown>): boolean {
  return entry.started || entry.attempts > 0 || entry.deliveries > 0
}

function snapshot({ offset, attempts, deliveries, started }: Entry<unknown>): UnfinishedOffset {
  return { offset, attempts, deliveries, started }
}
