import type { ApiName } from '../apis/api.ts'

/**
 * A scripted misbehaviour of the broker. Without an effect (delayMs, hold, errorCode, drop, reset) it only counts requests.
 *
 * @example
 * // Every commit of runner-1 is stored, but the answer never comes.
 * using fault = broker.faults.add({ api: 'OffsetCommit', clientId: 'runner-1', when: 'after', drop: true })
 */
export interface Fault {
  readonly api: ApiName
  /** Only requests of this client id: the whole of it, or a pattern. Default: every client's. */
  readonly clientId?: ClientIdPattern
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
  /** Closes the connection instead of answering (FIN). */
  readonly drop?: true
  /** Resets the connection instead of answering (RST: the client reads ECONNRESET). */
  readonly reset?: true
}

/** The whole of a client id, or a pattern. */
export type ClientIdPattern = string | RegExp

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

/** The faults that wait for a request to hit. */
export class FaultScript {
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
      if (fault.api !== api || !matchesClient(fault.clientId, clientId)) continue
      active.hits += 1
      if (active.hits === fault.times) this.#active.delete(active)
      if (hasEffect(fault)) return fault
    }
    return null
  }
}

export function matchesClient(wanted: ClientIdPattern | undefined, clientId: string): boolean {
  if (wanted === undefined) return true
  return typeof wanted === 'string' ? wanted === clientId : clientId.search(wanted) !== -1
}

function hasEffect({ delayMs, hold, errorCode, drop, reset }: Fault): boolean {
  return delayMs !== undefined || hold !== undefined || errorCode !== undefined || drop === true || reset === true
}
