import type { Clock } from '@towline/contracts'
import type { CommitEntry, ConsumerHandlers, FreshAssignment, LossCause } from '../ports/consumer-port.ts'
import type { KafkaRecord, TopicPartition } from '../ports/record.ts'
import { type AssignedPartition, Assignment } from './assignment.ts'
import type { Membership } from './membership.ts'

/** The loop that fetches. Its methods are a kafkajs consumer's. */
export interface FetchLoop {
  pause(partitions: { topic: string; partitions: number[] }[]): void
  resume(partitions: { topic: string; partitions: number[] }[]): void
  seek(position: { topic: string; partition: number; offset: string }): void
}

/** Asks the cluster where partitions stand, however often that fails; null as soon as nobody wants it any more. */
export interface Standing {
  fresh(tps: readonly TopicPartition[], isWanted: () => boolean): Promise<readonly FreshAssignment[] | null>
  bounds(tp: TopicPartition, isWanted: () => boolean): Promise<{ readonly low: number; readonly high: number } | null>
}

/** What a fetch brought for one partition. */
export interface FetchedRecords {
  /** The offset that was asked for. */
  readonly from: number
  readonly next: number
  readonly records: readonly KafkaRecord[]
}

export interface ReadingContext {
  readonly topic: string
  readonly maxWaitMs: number
  readonly standing: Standing
  readonly loop: FetchLoop
  readonly handlers: ConsumerHandlers
  readonly clock: Clock
  /** Told when a handler threw. */
  onDefect(error: unknown): void
}

/** Shortest time a broker may hold an empty fetch while a partition is paused. */
const SHORTEST_WAIT_MS = 10

/**
 * Reads the assigned partitions in order, through rebalances. A driver's loop may forget every position at each join (kafkajs
 * does) and knows no owner that must agree first, so positions and pauses are kept here and told to it again.
 *   R1. A batch is delivered only when it begins at the position we expect; any other is dropped and sought anew.
 *   R2. A kept partition is sought to its own position at every join, never to the committed one.
 *   R3. A fresh partition stays paused until its owner said where to begin.
 */
export class AssignedReading {
  readonly #assignment: Assignment
  readonly #context: ReadingContext
  readonly #loop: FetchLoop
  readonly #handlers: ConsumerHandlers

  constructor(context: ReadingContext) {
    this.#assignment = new Assignment(context.topic)
    this.#context = context
    this.#loop = context.loop
    this.#handlers = context.handlers
  }

  get membership(): Membership | null {
    return this.#assignment.membership
  }

  get epoch(): number {
    return this.#assignment.epoch
  }

  assigned(): readonly TopicPartition[] {
    return this.#assignment.announced()
  }

  holds({ tp }: CommitEntry): boolean {
    return (this.#assignment.get(tp)?.position ?? null) !== null
  }

  join(membership: Membership, partitions: readonly number[]): void {
    const change = this.#assignment.join(membership, partitions, this.#context.clock.monotonicMs())
    if (change.lost.length > 0) this.#handlers.onLost(change.lost, change.cause)
    for (const kept of change.kept) this.#seek(kept) // R2
    for (const fresh of change.fresh) this.#applyPause(fresh) // the loop keeps the pauses of the others
    this.#begin(change.fresh).catch((error: unknown) => this.#context.onDefect(error))
  }

  /** What is to be fetched now: held, not paused, and its owner said where to begin. */
  wanted(): readonly { readonly tp: TopicPartition; readonly from: number }[] {
    return this.#assignment
      .all()
      .filter((partition) => !isPaused(partition))
      .flatMap(({ tp, position }) => (position === null ? [] : [{ tp, from: position }]))
  }

  /** Nothing is to be fetched: no partition, or all paused. */
  isQuiet(): boolean {
    return this.#assignment.all().every(isPaused)
  }

  lose(cause: LossCause): void {
    const lost = this.#assignment.leave()
    if (lost.length > 0) this.#handlers.onLost(lost, cause)
  }

  /** `resolve` tells the fetch loop the last offset it need not fetch again. */
  deliver(tp: TopicPartition, { from, next, records }: FetchedRecords, resolve: (lastOffset: number) => void): void {
    const partition = this.#assignment.get(tp)
    if (partition === undefined || partition.position === null) return
    if (partition.position !== from) {
      this.#seek(partition) // R1
      return
    }
    const verdict = this.#handlers.onRecords(tp, records, next)
    if (this.#assignment.get(tp) !== partition || partition.position !== from) return // lost or sought meanwhile
    if (verdict.kind === 'taken') {
      partition.position = next
      resolve(next - 1)
      return
    }
    this.#setPaused(partition, 'pausedByOwner', true)
    this.#moveTo(partition, verdict.resumeAt)
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of this.#held(partitions)) this.#setPaused(partition, 'pausedByOwner', true)
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of this.#held(partitions)) this.#setPaused(partition, 'pausedByOwner', false)
  }

  seek(tp: TopicPartition, offset: number): void {
    const partition = this.#assignment.get(tp)
    if (partition !== undefined && partition.position !== null) this.#moveTo(partition, offset)
  }

  /**
   * A fetch must not outlast a pause it may hide: while it waits at the broker for other partitions, one that is
   * resumed is not fetched. Waits grow with the age of the youngest pause, so a long pause costs few fetches.
   */
  maxWaitMs(): number {
    const now = this.#context.clock.monotonicMs()
    const ages = this.#assignment
      .all()
      .filter(isPaused)
      .map(({ pausedAtMs }) => now - pausedAtMs)
    return Math.min(this.#context.maxWaitMs, Math.max(SHORTEST_WAIT_MS, Math.round(Math.min(...ages))))
  }

  /** The log does not hold `from`: finds out what it does hold, with the partition paused meanwhile. */
  outOfRange(tp: TopicPartition, from: number): void {
    const partition = this.#assignment.get(tp)
    if (partition === undefined || partition.position !== from || partition.pausedByDriver) return
    this.#setPaused(partition, 'pausedByDriver', true)
    this.#moveIntoRange(partition, from).catch((error: unknown) => this.#context.onDefect(error))
  }

  /**
   * The broker does not know the partition any more. When it does again, the log may be another one under the same name,
   * as long as the one before or longer: what is held of the topic is assigned anew.
   */
  gone(tp: TopicPartition): void {
    if ((this.#assignment.get(tp)?.position ?? null) === null) return
    const announced = this.#assignment.all().filter(({ position }) => position !== null)
    for (const partition of announced) this.#restart(partition)
  }

  async #moveIntoRange(partition: AssignedPartition, from: number): Promise<void> {
    const { tp } = partition
    const isWanted = (): boolean => this.#assignment.get(tp) === partition
    const bounds = await this.#context.standing.bounds(tp, isWanted)
    if (bounds === null || !isWanted()) return
    if (partition.position === from && from > bounds.high) return this.#restart(partition)
    if (partition.position === from && from < bounds.low) {
      this.#moveTo(partition, bounds.low)
      this.#handlers.onDataLost(tp, from, bounds.low)
    } else {
      this.#seek(partition)
    }
    if (isWanted()) this.#setPaused(partition, 'pausedByDriver', false)
  }

  /** The log is not, or may not be, the one we read, so the partition is assigned anew. */
  #restart(partition: AssignedPartition): void {
    const fresh = this.#assignment.renew(partition, this.#context.clock.monotonicMs())
    this.#handlers.onLost([partition.tp], 'rebalance')
    this.#applyPause(fresh)
    this.#begin([fresh]).catch((error: unknown) => this.#context.onDefect(error))
  }

  async #begin(fresh: readonly AssignedPartition[]): Promise<void> {
    if (fresh.length === 0) return
    const { epoch } = this
    const isWanted = (): boolean => this.epoch === epoch
    const tps = fresh.map(({ tp }) => tp)
    const loaded = await this.#context.standing.fresh(tps, isWanted)
    if (loaded === null || !isWanted()) return
    const starts = this.#handlers.onAssigned(loaded)
    if (!isWanted()) return
    for (const [index, partition] of fresh.entries()) {
      const at = loaded[index]
      if (at !== undefined) this.#startAt(partition, at, starts[index] ?? at.logStart)
    }
  }

  #startAt(partition: AssignedPartition, { tp, logStart, logEnd }: FreshAssignment, start: number): void {
    const isInLog = start >= logStart && start <= logEnd
    this.#moveTo(partition, isInLog ? start : logStart)
    if (start < logStart) this.#handlers.onDataLost(tp, start, logStart)
    this.#setPaused(partition, 'pausedByDriver', false) // R3
  }

  #held(tps: readonly TopicPartition[]): readonly AssignedPartition[] {
    return tps.map((tp) => this.#assignment.get(tp)).filter((partition) => partition !== undefined)
  }

  #moveTo(partition: AssignedPartition, offset: number): void {
    partition.position = offset
    this.#seek(partition)
  }

  #seek({ tp, position }: AssignedPartition): void {
    if (position !== null) this.#loop.seek({ ...tp, offset: String(position) })
  }

  #setPaused(partition: AssignedPartition, by: 'pausedByOwner' | 'pausedByDriver', paused: boolean): void {
    if (partition[by] === paused) return
    if (!isPaused(partition)) partition.pausedAtMs = this.#context.clock.monotonicMs()
    partition[by] = paused
    this.#applyPause(partition)
  }

  #applyPause(partition: AssignedPartition): void {
    const { topic, partition: number } = partition.tp
    const partitions = [{ topic, partitions: [number] }]
    if (isPaused(partition)) this.#loop.pause(partitions)
    else this.#loop.resume(partitions)
  }
}

function isPaused({ pausedByOwner, pausedByDriver }: AssignedPartition): boolean {
  return pausedByOwner || pausedByDriver
}
