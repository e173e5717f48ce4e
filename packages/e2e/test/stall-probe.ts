import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** A time in which the machine ran nothing of ours, in epoch milliseconds. */
export interface Stall {
  readonly fromMs: number
  readonly toMs: number
}

export const TICK_MS = 5
/** What an idle process waits for its turn on a busy machine: no stall yet. */
export const TOLERATED_MS = 45

/** A process that notices when the machine stands still: the one excuse of a test whose promise is a time. */
export class StallProbe implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #stalls: Stall[] = []

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (stall: Stall) => this.#stalls.push(stall))
  }

  static async start(): Promise<StallProbe> {
    const child = fork(new URL('./stall-probe-main.ts', import.meta.url))
    await once(child, 'message')
    return new StallProbe(child)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** How long the machine stood still between two moments. */
  async stalledMs(fromMs: number, toMs: number): Promise<number> {
    await sleep(2 * (TICK_MS + TOLERATED_MS)) // By then the last is told.
    const within = this.#stalls.map((stall) => Math.min(toMs, stall.toMs) - Math.max(fromMs, stall.fromMs))
    return within.reduce((sum, ms) => sum + Math.max(0, ms), 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}
