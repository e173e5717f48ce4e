import { TowlineError } from '@towline/contracts'

/** Something with connections of its own, made when it is first asked for. */
export class LazyResource<T> {
  readonly #make: () => Promise<T>
  readonly #closeIt: (resource: T) => Promise<void>
  #made: Promise<T> | undefined
  #isClosed = false

  constructor(make: () => Promise<T>, closeIt: (resource: T) => Promise<void>) {
    this.#make = make
    this.#closeIt = closeIt
  }

  /** What failed to be made is tried again at the next call. @throws TowlineError after `close`. */
  get(): Promise<T> {
    if (this.#isClosed) return Promise.reject(closed())
    this.#made ??= this.#make().catch((error: unknown) => {
      this.#made = undefined
      throw error
    })
    return this.#made
  }

  /** Closes what was made, also what is still being made. Safe to repeat. */
  async close(): Promise<void> {
    this.#isClosed = true
    const made = this.#made
    this.#made = undefined
    const resource = await made?.catch(() => undefined)
    if (resource !== undefined) await this.#closeIt(resource)
  }
}

function closed(): TowlineError {
  return new TowlineError('TOWLINE_PRODUCER_CLOSED', 'the fleet was closed before this call', {
    wayOut: 'Make a new one by createFleet',
  })
}
