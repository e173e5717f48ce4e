import type { AssignedReading, FetchLoop } from '../../consuming/assigned-reading.ts'
import type { Session } from '../../consuming/session.ts'
import { errorTypeOf, isPassing } from '../broker/broker-error.ts'
import type { FetchedLog } from '../broker/topics.ts'
import type { ClusterState, Link } from './link.ts'

export interface FetchTurnsContext {
  readonly link: Link
  readonly cluster: ClusterState
  readonly session: Session
  readonly maxBytes: number
  reading(): AssignedReading
  /** Calls handlers. */
  deliver(work: () => void): void
  isLive(): boolean
  /** An answer no turn will come back from. */
  onFailure(error: unknown): void
}

const PARTITION_MAX_BYTES = 1024 * 1024
const RETRY_WAIT_MS = 200

/**
 * The fetch loop of one consumer. A fetch that finds nothing waits at the cluster until something comes or what is
 * wanted changes: no timer runs while nothing happens.
 */
export class FetchTurns implements FetchLoop {
  readonly #context: FetchTurnsContext
  /** Ends the fetch under way, or the rest of a loop that wants nothing. */
  #stir: () => void = () => {}
  #isHeld = false
  #turns = 0
  #waitsAtCluster = false

  constructor(context: FetchTurnsContext) {
    this.#context = context
  }

  pause(): void {
    this.#stir()
  }

  resume(): void {
    this.#stir()
  }

  seek(): void {
    this.#stir()
  }

  /** Nothing is fetched while the member joins. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#stir()
  }

  /** The last moment, monotonic, at which a fetch was answered or waited at a cluster that could answer. */
  fetchedAtMs(): number | null {
    return this.#waitsAtCluster ? this.#context.link.connectedAtMs() : null
  }

  async run(): Promise<void> {
    const { isLive, link, session, onFailure } = this.#context
    while (isLive()) {
      const wanted = this.#isHeld ? [] : this.#context.reading().wanted()
      if (wanted.length === 0) {
        session.fetched()
        await this.#rest()
        continue
      }
      try {
        const answer = await this.#fetch(wanted)
        for (const fetched of answer) this.#context.deliver(() => this.#deliver(fetched))
        if (answer.some(({ error }) => errorTypeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION'))
          await link.wait(RETRY_WAIT_MS)
      } catch (error) {
        if (!isPassing(error)) return onFailure(error)
        await link.wait(RETRY_WAIT_MS)
      }
    }
  }

  /** Ends the loop once `isLive` says so. */
  end(): void {
    this.#stir()
  }

  async #rest(): Promise<void> {
    this.#waitsAtCluster = true
    await new Promise<void>((resolve) => {
      this.#stir = resolve
    })
    this.#waitsAtCluster = false
  }

  async #fetch(wanted: ReturnType<AssignedReading['wanted']>): Promise<readonly FetchedLog[]> {
    const { link, cluster, session, maxBytes } = this.#context
    this.#turns += 1
    const first = this.#turns % wanted.length // a fixed order would starve the last behind a backlog (KIP-74)
    const request = {
      wanted: [...wanted.slice(first), ...wanted.slice(0, first)],
      maxBytes,
      partitionMaxBytes: Math.min(maxBytes, PARTITION_MAX_BYTES),
    }
    let isStirred = false
    this.#stir = () => {
      isStirred = true
    }
    try {
      const answer = await link.call('Fetch', () => {
        this.#waitsAtCluster = true
        return cluster.topics.fetchOrWait(request, (end) => {
          this.#stir = end
          if (isStirred) end()
        })
      })
      session.fetched()
      return answer
    } finally {
      this.#waitsAtCluster = false
    }
  }

  #deliver({ tp, from, next, records, error }: FetchedLog): void {
    const reading = this.#context.reading()
    if (error === undefined) {
      if (next > from) reading.deliver(tp, { from, next, records }, () => {})
    } else if (errorTypeOf(error) === 'OFFSET_OUT_OF_RANGE') {
      reading.outOfRange(tp, from)
    } else if (errorTypeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') {
      reading.gone(tp)
    }
  }
}
