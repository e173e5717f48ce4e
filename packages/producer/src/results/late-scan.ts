/** Reads a stretch of a partition; resolves to where reading must go on after a failure, or null when it is done. */
export type ReadStretch = (from: number, to: number) => Promise<number | null>

/**
 * Looks behind a tail for those who came after it had passed. One stretch is read at a time, for all who wait then;
 * whoever comes meanwhile is in the next.
 */
export class LateScan {
  readonly #read: ReadStretch
  readonly #from: number[] = []
  #isRunning = false

  constructor(read: ReadStretch) {
    this.#read = read
  }

  /** Has everything from `from` to where the tail stands (`end`, asked when a stretch begins) read once more. */
  request(from: number, end: () => number): void {
    this.#from.push(from)
    if (!this.#isRunning) void this.#run(end)
  }

  async #run(end: () => number): Promise<void> {
    this.#isRunning = true
    while (this.#from.length > 0) {
      const failedAt = await this.#read(Math.min(...this.#from.splice(0)), end())
      if (failedAt !== null) this.#from.push(failedAt)
    }
    this.#isRunning = false
  }
}
