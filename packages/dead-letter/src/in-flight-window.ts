/** Bounds how much work is under way at once, in number and in bytes. One caller enters at a time. */
export class InFlightWindow {
  readonly #maxCount: number
  readonly #maxBytes: number
  #count = 0
  #bytes = 0
  #wake: (() => void) | undefined

  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount
    this.#maxBytes = maxBytes
  }

  /** Resolves when there is room; something larger than the whole bound waits for an empty window. */
  async room(bytes: number): Promise<void> {
    while (this.#count > 0 && (this.#count >= this.#maxCount || this.#bytes + bytes > this.#maxBytes)) {
      await this.#settled()
    }
  }

  /** Counts `work` until it has settled. */
  async run(bytes: number, work: () => Promise<void>): Promise<void> {
    this.#count += 1
    this.#bytes += bytes
    try {
      await work()
    } finally {
      this.#count -= 1
      this.#bytes -= bytes
      this.#wake?.()
    }
  }

  /** Resolves when nothing is under way. */
  async empty(): Promise<void> {
    while (this.#count > 0) await this.#settled()
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }
}
