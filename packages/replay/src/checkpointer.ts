import { type Cancel, type Clock, isTowlineError } from '@towline/contracts'
import type { ReplayState } from './checkpoint.ts'
import { Pulse } from './pulse.ts'
import type { Standing } from './run-claim.ts'
import type { PartitionProgress } from './sent-ledger.ts'

/** The hold a run has on the replay's group. */
export interface Claim {
  look(): Promise<Standing>
  isNews(progress: PartitionProgress): boolean
  save(partitions: readonly PartitionProgress[], state: ReplayState): Promise<void>
}

/** What the checkpointer needs of the run it serves. */
export interface CheckpointedRun {
  /** Where every partition is now, and how many records that covers. */
  progress(): { readonly partitions: readonly PartitionProgress[]; readonly records: number }
  readonly claim: Claim
  /** A save was confirmed. */
  onSaved(): void
  /** The replay is not this run's any more: nothing more is saved. */
  onLost(standing: LostStanding): void
  onFailed(error: unknown): void
}

export type LostStanding = Exclude<Standing, 'own'>

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
  #savedRecords: number
  #isDirty = false
  #isClosed = false

  constructor(run: CheckpointedRun, options: CheckpointerOptions) {
    this.#run = run
    this.#clock = options.clock
    this.#intervalMs = options.intervalMs
    this.#savedRecords = run.progress().records // As the run was begun from a checkpoint (R1).
  }

  /** Records below the positions of the last confirmed save: what a resume would not repeat. */
  get savedRecords(): number {
    return this.#savedRecords
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

  /**
   * The last save, of all partitions, after {@link close}; none where the replay is not this run's any more. Patient: a
   * short outage is waited out.
   */
  async conclude(state: ReplayState, isPatient: boolean): Promise<Standing> {
    const untilMs = this.#clock.monotonicMs() + (isPatient ? PATIENCE_MS : 0)
    return await this.#retrying(
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
    const { claim } = this.#run
    const standing = await claim.look()
    if (standing !== 'own') return this.#run.onLost(standing)
    const { partitions, records } = this.#run.progress()
    const news = partitions.filter((progress) => claim.isNews(progress))
    if (news.length > 0) await claim.save(news, 'started')
    this.#saved(records)
  }

  async #saveAll(state: ReplayState): Promise<Standing> {
    const standing = await this.#run.claim.look()
    if (standing !== 'own') return standing
    const { partitions, records } = this.#run.progress()
    await this.#run.claim.save(partitions, state)
    this.#saved(records)
    return standing
  }

  #saved(records: number): void {
    this.#savedRecords = records
    this.#run.onSaved()
  }

  async #retrying<T>(work: () => Promise<T>, isPatient: () => boolean): Promise<T> {
    for (;;) {
      try {
        return await work()
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
