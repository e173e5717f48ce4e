import process from 'node:process'

/** How long something took, and how much of the processors it had. */
export interface Measured {
  readonly ms: number
  /** User and system time of this process, in milliseconds. */
  readonly cpuMs: number
}

/** Starts when {@link start} is first called. */
export class Stopwatch {
  #startMs: number | undefined
  #cpu: NodeJS.CpuUsage = { user: 0, system: 0 }

  start(): void {
    if (this.#startMs !== undefined) return
    this.#cpu = process.cpuUsage()
    this.#startMs = performance.now()
  }

  stop(): Measured {
    const ms = performance.now() - (this.#startMs ?? Number.NaN)
    const { user, system } = process.cpuUsage(this.#cpu)
    return { ms, cpuMs: (user + system) / 1_000 }
  }
}
