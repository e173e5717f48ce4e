import { type Cancel, type Clock, isTowlineError } from '@towline/contracts'
import type { ReplayState } from './checkpoint.ts'
import { Pulse } from './pulse.ts'
import type { PartitionProgress } from './sent-ledger.ts'

/** What the checkpointer needs of the run it serves. */
export interface CheckpointedRun {
  /** Where every partition is now, and how many records that covers. */
  progress(): { readonly partitions: readonly PartitionProgress[]; readonly records: number }
  save(partitions: readonly PartitionProgress[], state: ReplayState): Promise<void>
  /** Whether the replay was not aborted meanwhile. */
  exists(): Promise<boolean>
  /** A save was confirmed. */
  onSaved(): void
  /** The replay was aborted: nothing more is saved. */
  onGone(): void
  onFailed(error: unknown): void
}

export interface CheckpointerOptions {
  readonly clock: Clock
  /** Longest that settled records wait for a save to begin. */
  readonly intervalMs: number
}

const RETRY_MS = 500
/** A leader change or a broker restart passes in this time; a longer outage ends the run, which can be resumed. */
const PATIENCE_MS = 30_000

/** Stores the progress of a run, one save at a time, only where something changed. */
export class Checkpointer {
  readonly #run: CheckpointedRun
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #closed = new Pulse()
  #cancelTimer: Cancel | undefined
  #saving: Promise<void> | undefined
  #savedNext = new Map<number, number>()
  #savedRecords = 0
  #isDirty = false
  #isClosed = false

  constructor(run: CheckpointedRun, options: CheckpointerOptions) {
    this.#run = run
    this.#clock = options.clock
    this.#intervalMs = options.intervalMs
  }

  /** Records below the positions of the last confirmed save: what a resume would not repeat. */
  get savedRecords(): number {
    return this.#savedRecords
  }

  /** The first save, before anything is sent: from here on the replay can be resumed. */
  async begin(): Promise<void> {
    await this.#saveAll('started')
  }

  /** Something settled: save within the interval. */
  touch(): void {
    this.#isDirty = true
    if (this.#isClosed || this.#saving !== undefined || this.#cancelTimer !== undefined) return
    this.#cancelTimer = this.#clock.after(this.#intervalMs, () => this.#start())
  }

  /** Save now, unless a save is under way. */
  hurry(): void {
    if (this.#saving === undefined) this.#start()
  }

  /** Ends the periodic saves and waits for the one under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer?.()
    this.#closed.beat()
    await this.#saving
  }

  /** The last save, of all partitions, after {@link close}. Patient: a short outage is waited out. */
  async conclude(state: ReplayState, isPatient: boolean): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + (isPatient ? PATIENCE_MS : 0)
    await this.#retrying(
      () => this.#saveAll(state),
      () => this.#clock.monotonicMs() < untilMs,
    )
  }

  #start(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#isClosed) return
    this.#isDirty = false
    this.#saving = this.#saveChanged().finally(() => {
      this.#saving = undefined
      if (this.#isDirty) this.touch()
    })
  }

  async #saveChanged(): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + PATIENCE_MS
    try {
      await this.#retrying(
        () => this.#saveOnce(),
        () => !this.#isClosed && this.#clock.monotonicMs() < untilMs,
      )
    } catch (error) {
      if (!this.#isClosed) this.#run.onFailed(error)
    }
  }

  async #saveOnce(): Promise<void> {
    if (!(await this.#run.exists())) return this.#run.onGone()
    const { partitions, records } = this.#run.progress()
    const changed = partitions.filter(({ partition, next }) => this.#savedNext.get(partition) !== next)
    if (changed.length > 0) await this.#run.save(changed, 'started')
    this.#saved(partitions, records)
  }

  async #saveAll(state: ReplayState): Promise<void> {
    const { partitions, records } = this.#run.progress()
    await this.#run.save(partitions, state)
    this.#saved(partitions, records)
  }

  #saved(partitions: readonly PartitionProgress[], records: number): void {
    this.#savedNext = new Map(partitions.map(({ partition, next }) => [partition, next]))
    this.#savedRecords = records
    this.#run.onSaved()
  }

  async #retrying(work: () => Promise<void>, isPatient: () => boolean): Promise<void> {
    for (;;) {
      try {
        await work()
        return
      } catch (error) {
        if (!mayPass(error) || !isPatient()) throw error
        await this.#closed.waitAtMost(RETRY_MS, this.#clock)
      }
    }
  }
}

function mayPass(error: unknown): boolean {
  return isTowlineError(error) && (error.retriable || error.code === 'TOWLINE_BROKER_UNAVAILABLE')
}
