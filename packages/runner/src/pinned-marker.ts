import type { Cancel, Clock } from '@towline/contracts'
import type { KafkaRecord } from '@towline/kafka'

/** How far the marker of a pinned partition may be behind its note. Well below what any topic retains. */
const RENEW_AFTER_MS = 600_000

/**
 * Lets the marker of a partition follow its note while the committed offset is pinned and others finish above it: what
 * retention may take is then told by a record that is still there (see {@link PartitionHistory}).
 *
 *   K1. Where the committed offset moves within RENEW_AFTER_MS nothing is written.
 *   K2. A marker names only what a confirmed commit calls finished.
 */
export class PinnedMarker {
  readonly #clock: Clock
  readonly #renew: (finished: KafkaRecord) => Promise<void>
  #base = 0
  #finished: KafkaRecord | undefined
  #marked = -1
  #cancel: Cancel | undefined
  #isStopped = false

  /** @param renew Rejects when it could not be written. */
  constructor(clock: Clock, renew: (finished: KafkaRecord) => Promise<void>) {
    this.#clock = clock
    this.#renew = renew
  }

  /** @param finished The highest record that the confirmed commit calls finished. */
  commitConfirmed(base: number, finished: KafkaRecord | undefined): void {
    this.#base = base
    this.#finished = finished
    this.#follow()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  #follow(): void {
    const [base, finished] = [this.#base, this.#finished]
    if (this.#cancel !== undefined || this.#isStopped) return
    if (finished === undefined || finished.offset < base || finished.offset === this.#marked) return
    this.#cancel = this.#clock.after(RENEW_AFTER_MS, () => {
      this.#cancel = undefined
      if (this.#base === base) this.#write()
      else this.#follow() // K1, and perhaps pinned since, with no commit to come
    })
  }

  #write(): void {
    const finished = this.#finished
    if (finished === undefined) return
    this.#marked = finished.offset
    this.#renew(finished).catch(() => {
      this.#marked = -1
      this.#follow()
    })
  }
}
