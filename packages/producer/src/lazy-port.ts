import { producerClosed } from './publish/publish-errors.ts'

/** A port that is opened when it is first needed, once. Failing to open it is not remembered. */
export class LazyPort<P extends { close(): Promise<void> }> {
  readonly #open: () => Promise<P>
  #opened: Promise<P> | undefined
  #isClosed = false

  constructor(open: () => Promise<P>) {
    this.#open = open
  }

  /** @throws TowlineError TOWLINE_PRODUCER_CLOSED after {@link close}, and whatever opening throws */
  async get(): Promise<P> {
    if (this.#isClosed) throw producerClosed()
    this.#opened ??= this.#open()
    try {
      return await this.#opened
    } catch (error) {
      this.#opened = undefined
      throw error
    }
  }

  /** Closes it where it was opened. */
  async close(): Promise<void> {
    this.#isClosed = true
    const port = await this.#opened?.catch(() => undefined)
    await port?.close()
  }
}
