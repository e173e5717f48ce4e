/** The records accepted between two flushes. */
export interface FlushEpoch {
  unsettled: number
  isClosed: boolean
  readonly settled: PromiseWithResolvers<void>
}

/** Tells when everything accepted before a moment has settled, while more is accepted all the time. */
export class FlushEpochs {
  readonly #open = new Set<FlushEpoch>()
  #current: FlushEpoch = newEpoch()

  /** Counts a record in; give the epoch back to {@link leave} when it has settled. */
  enter(): FlushEpoch {
    this.#current.unsettled += 1
    return this.#current
  }

  leave(epoch: FlushEpoch): void {
    epoch.unsettled -= 1
    this.#settle(epoch)
  }

  /** Resolves when all that entered before has left. */
  async flush(): Promise<void> {
    const closing = this.#current
    closing.isClosed = true
    this.#open.add(closing)
    this.#current = newEpoch()
    this.#settle(closing)
    await Promise.all([...this.#open].map((epoch) => epoch.settled.promise))
  }

  #settle(epoch: FlushEpoch): void {
    if (!epoch.isClosed || epoch.unsettled > 0) return
    this.#open.delete(epoch)
    epoch.settled.resolve()
  }
}

function newEpoch(): FlushEpoch {
  return { unsettled: 0, isClosed: false, settled: Promise.withResolvers() }
}
