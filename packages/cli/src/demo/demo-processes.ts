import { type LostProcess, TowlineProcess, type TowlineProcessOptions } from './child-process.ts'

/** Every process of one demo. */
export class DemoProcesses {
  readonly #onLost: (lost: LostProcess) => void
  readonly #running = new Set<TowlineProcess>()

  /** `onLost` is called when one of them ends though nobody told it to. */
  constructor(onLost: (lost: LostProcess) => void) {
    this.#onLost = onLost
  }

  start(options: Omit<TowlineProcessOptions, 'onLost'>): TowlineProcess {
    const started = new TowlineProcess({ ...options, onLost: this.#onLost })
    this.#running.add(started)
    void started.ended.then(() => this.#running.delete(started))
    return started
  }

  /** Those that are running. */
  get running(): readonly TowlineProcess[] {
    return [...this.#running]
  }
}
