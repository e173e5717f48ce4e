import type { Clock } from '@towline/contracts'
import type { Journal, JournalEntry } from '../journal.ts'

/** What the processes of a virtual fleet tell, in the order in which they do. */
export class VirtualJournal {
  readonly entries: JournalEntry[] = []
  readonly #clock: Clock
  readonly #startedAtMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedAtMs = clock.nowMs() - clock.monotonicMs()
  }

  /** What one process writes in; its moments are what has really passed, whatever any wall clock says. */
  by(runner: string): Pick<Journal, 'write'> {
    return {
      write: (event) => {
        this.entries.push({ ...event, runner, atMs: this.#startedAtMs + this.#clock.monotonicMs() } as JournalEntry)
      },
    }
  }
}
