import type { Clock } from '@towline/contracts'
import { Pacer } from './pacer.ts'
import { Pulse } from './pulse.ts'

export interface SendGateOptions {
  readonly clock: Clock
  /** Most records on their way to the target. */
  readonly maxInFlight: number
  /** Most bytes on their way; a single larger record goes alone. */
  readonly maxInFlightBytes: number
  /** Null = no limit. */
  readonly ratePerSecond: number | null
}

/** Says when the next record may go: bounds what is on its way, and keeps the rate. */
export class SendGate {
  readonly #options: SendGateOptions
  readonly #pulse = new Pulse()
  #pacer: Pacer | undefined
  #records = 0
  #bytes = 0

  constructor(options: SendGateOptions) {
    this.#options = options
  }

  isOpenFor(bytes: number): boolean {
    const { maxInFlight, maxInFlightBytes } = this.#options
    const hasRoom = this.#records < maxInFlight && this.#bytes + bytes <= maxInFlightBytes
    return (hasRoom || this.#records === 0) && this.#waitMs() === 0
  }

  /** Resolves when {@link isOpenFor} may answer differently. */
  async changed(): Promise<void> {
    const waitMs = this.#waitMs()
    if (waitMs > 0) await this.#pulse.waitAtMost(waitMs, this.#options.clock)
    else await this.#pulse.wait()
  }

  /** A record goes. */
  enter(bytes: number): void {
    this.#records += 1
    this.#bytes += bytes
    this.#pacer?.take(this.#options.clock.monotonicMs())
  }

  /** It arrived, or was given up. */
  leave(bytes: number): void {
    this.#records -= 1
    this.#bytes -= bytes
    this.#pulse.beat()
  }

  /** Something else that whoever waits here looks at has changed. */
  wake(): void {
    this.#pulse.beat()
  }

  /** Resolves when nothing is on its way any more. */
  async empty(): Promise<void> {
    while (this.#records > 0) await this.#pulse.wait()
  }

  /** The schedule starts with the first record, not with the reading before it. */
  #waitMs(): number {
    const { ratePerSecond, clock } = this.#options
    if (ratePerSecond === null) return 0
    this.#pacer ??= new Pacer(ratePerSecond, clock.monotonicMs())
    return this.#pacer.waitMs(clock.monotonicMs())
  }
}
