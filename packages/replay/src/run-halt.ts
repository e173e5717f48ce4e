/** Why a run ended before its last record. */
export type Halt =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'failed'; readonly error: unknown }

/** Set once, by whatever ends a run first; what comes later is a consequence of it. */
export class RunHalt {
  readonly #controller = new AbortController()
  readonly #onHalt: () => void
  #halt: Halt | undefined

  constructor(onHalt: () => void) {
    this.#onHalt = onHalt
  }

  get halt(): Halt | undefined {
    return this.#halt
  }

  get isHalted(): boolean {
    return this.#halt !== undefined
  }

  /** Aborted with the run. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  set(halt: Halt): void {
    if (this.#halt !== undefined) return
    this.#halt = halt
    this.#controller.abort()
    this.#onHalt()
  }
}
