// Which records of a replay are safely in the target. Pure: no clock, no I/O.
//
//   L1. next() of a partition never passes a record that was admitted and is not settled.
//   L2. next() never moves back.
//   L3. Offsets without a matching record (other keys, compaction, control records) hold nothing up.

import type { PartitionRange } from './replay-plan.ts'

/** How far one partition of a replay is. */
export interface PartitionProgress extends PartitionRange {
  /** The lowest offset that may hold a record not yet replayed; equals `to` when the partition is done. */
  readonly next: number
  /** Records replayed below `next`. */
  readonly records: number
  /** Offsets deleted by the log before they were replayed, and passed over because that was allowed. */
  readonly lost: number
}

/** Records and lost offsets of all partitions together. */
export function totals(partitions: readonly PartitionProgress[]): { readonly records: number; readonly lost: number } {
  return {
    records: partitions.reduce((sum, { records }) => sum + records, 0),
    lost: partitions.reduce((sum, { lost }) => sum + lost, 0),
  }
}

/** A record that was taken for sending. Of a class, as all that outlives the call that makes it (decision 12). */
export class Admitted {
  readonly partition: number
  readonly offset: number
  isSettled = false

  constructor(partition: number, offset: number) {
    this.partition = partition
    this.offset = offset
  }
}

class PartitionLedger {
  readonly range: PartitionRange
  next: number
  records: number
  lost: number
  /** Everything that matches below it was admitted. */
  #read: number
  #admitted: Admitted[] = []
  #first = 0

  constructor(progress: PartitionProgress) {
    this.range = { partition: progress.partition, from: progress.from, to: progress.to }
    this.next = progress.next
    this.records = progress.records
    this.lost = progress.lost
    this.#read = progress.next
  }

  /** What is not read yet. */
  get unread(): PartitionRange {
    return { ...this.range, from: this.#read }
  }

  admit(offset: number): Admitted {
    const admitted = new Admitted(this.range.partition, offset)
    this.#admitted.push(admitted)
    this.read(offset + 1)
    return admitted
  }

  read(position: number): void {
    this.#read = Math.max(this.#read, position)
    this.advance()
  }

  skip(position: number): void {
    const to = Math.min(position, this.range.to)
    this.lost += Math.max(0, to - this.#read)
    this.read(to)
  }

  advance(): void {
    while (this.#admitted[this.#first]?.isSettled === true) {
      this.#first += 1
      this.records += 1
    }
    this.next = this.#admitted[this.#first]?.offset ?? this.#read
    if (this.#first < 1_000 && this.#first < this.#admitted.length) return
    this.#admitted = this.#admitted.slice(this.#first)
    this.#first = 0
  }
}

export class SentLedger {
  readonly #partitions: ReadonlyMap<number, PartitionLedger>
  #admittedCount: number
  #settledCount: number
  #belowNextCount: number

  /** Starts from what a checkpoint says. */
  constructor(progress: readonly PartitionProgress[]) {
    this.#partitions = new Map(progress.map((partition) => [partition.partition, new PartitionLedger(partition)]))
    this.#belowNextCount = totals(progress).records
    this.#admittedCount = this.#belowNextCount
    this.#settledCount = this.#belowNextCount
  }

  /** A record is about to be sent. Offsets of a partition come in ascending order. */
  admit(partition: number, offset: number): Admitted {
    this.#admittedCount += 1
    return this.#of(partition).admit(offset)
  }

  /** The target has it. */
  settle(admitted: Admitted): void {
    const ledger = this.#of(admitted.partition)
    const before = ledger.records
    admitted.isSettled = true
    ledger.advance()
    this.#settledCount += 1
    this.#belowNextCount += ledger.records - before
  }

  /** Nothing that matches is left unadmitted below `position`. */
  read(partition: number, position: number): void {
    this.#of(partition).read(position)
  }

  /** The log deleted what was not read yet below `position`; it is passed over. */
  skip(partition: number, position: number): void {
    this.#of(partition).skip(position)
  }

  /** Records admitted for sending, those of earlier runs included. */
  get admittedCount(): number {
    return this.#admittedCount
  }

  /** Records the target has, wherever they stand. */
  get settledCount(): number {
    return this.#settledCount
  }

  /** Records below `next` of their partition: what a checkpoint made now covers. */
  get belowNextCount(): number {
    return this.#belowNextCount
  }

  get lostCount(): number {
    return totals(this.progress()).lost
  }

  /** What must still be read, partitions that are through left out. */
  unread(): readonly PartitionRange[] {
    return [...this.#partitions.values()].map(({ unread }) => unread).filter(({ from, to }) => from < to)
  }

  get isDone(): boolean {
    return [...this.#partitions.values()].every(({ next, range }) => next >= range.to)
  }

  progress(): readonly PartitionProgress[] {
    return [...this.#partitions.values()].map(({ range, next, records, lost }) => ({ ...range, next, records, lost }))
  }

  #of(partition: number): PartitionLedger {
    const ledger = this.#partitions.get(partition)
    if (ledger === undefined) throw new RangeError(`partition ${partition} is not part of this replay`)
    return ledger
  }
}
