import type { ApiName } from '../apis/api.ts'

/**
 * A scripted misbehaviour of the broker. Without an effect (delayMs, hold, errorCode, drop) it only counts requests.
 *
 * @example
 * // Every commit of runner-1 is stored, but the answer never comes.
 * using fault = broker.faults.add({ api: 'OffsetCommit', clientId: 'runner-1', when: 'after', drop: true })
 */
export interface Fault {
  readonly api: ApiName
  /** Only requests of this client id: the whole of it, or a pattern. Default: every client's. */
  readonly clientId?: string | RegExp
  /** How many requests it hits. Default: every one until it is removed. */
  readonly times?: number
  /** Whether it strikes before the request is handled or after, when its effect has already happened. Default: before. */
  readonly when?: 'before' | 'after'
  /** Waits this long first. Later requests of the same connection wait behind it. */
  readonly delayMs?: number
  /** Waits for this first: a test lets go when it likes. */
  readonly hold?: Promise<unknown>
  /** Answers with this Kafka error instead (see KAFKA_ERRORS): with `before` the request is not handled at all. */
  readonly errorCode?: number
  /** Closes the connection instead of answering. */
  readonly drop?: true
}

export interface FaultHandle extends Disposable {
  /** How many requests it has hit so far. */
  readonly hits: number
  /** No further request is hit. Safe to repeat. */
  remove(): void
}

interface ActiveFault {
  readonly fault: Fault
  hits: number
}

export class Faults {
  readonly #active = new Set<ActiveFault>()

  /** Where several match, the one added first strikes; those that only count never get in its way. */
  add(fault: Fault): FaultHandle {
    const active: ActiveFault = { fault, hits: 0 }
    const remove = (): void => {
      this.#active.delete(active)
    }
    this.#active.add(active)
    return {
      get hits() {
        return active.hits
      },
      remove,
      [Symbol.dispose]: remove,
    }
  }

  clear(): void {
    this.#active.clear()
  }

  /** The fault that hits this request, if any, counted as a hit, as are the faults before it that only count. */
  strike(api: ApiName, clientId: string): Fault | null {
    for (const active of this.#active) {
      const { fault } = active
      if (fault.api !== api || !matches(fault.clientId, clientId)) continue
      active.hits += 1
      if (active.hits === fault.times) this.#active.delete(active)
      if (hasEffect(fault)) return fault
    }
    return null
  }
}

function hasEffect({ delayMs, hold, errorCode, drop }: Fault): boolean {
  return delayMs !== undefined || hold !== undefined || errorCode !== undefined || drop === true
}

function matches(wanted: string | RegExp | undefined, clientId: string): boolean {
  if (wanted === undefined) return true
  return typeof wanted === 'string' ? wanted === clientId : clientId.search(wanted) !== -1
}
