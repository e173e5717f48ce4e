import { brokerUnavailable, offsetOutOfRange } from '../../ports/port-errors.ts'
import type { ReadBatch, ReaderPort, ReadRequest } from '../../ports/reader-port.ts'
import { errorTypeOf, isPassing, portErrorOf } from '../broker/broker-error.ts'
import type { FetchedLog } from '../broker/topics.ts'
import type { ClusterState, Link } from './link.ts'

const DEFAULT_MAX_BYTES = 1024 * 1024
const FAILURE_BUDGET_MS = 30_000
const RETRY_WAIT_MS = 100

export class MemoryReader implements ReaderPort {
  readonly #link: Link
  readonly #cluster: ClusterState
  readonly #closed = new AbortController()

  constructor(link: Link, cluster: ClusterState) {
    this.#link = link
    this.#cluster = cluster
  }

  async *read(request: ReadRequest): AsyncGenerator<ReadBatch> {
    const { from, to } = request
    const signal =
      request.signal === undefined ? this.#closed.signal : AbortSignal.any([request.signal, this.#closed.signal])
    const end = to === 'tail' ? Number.POSITIVE_INFINITY : to
    for (let position = from; position < end; ) {
      const fetched = signal.aborted ? undefined : await this.#fetch(request, position, signal)
      if (fetched === undefined) return refuseHalf(request)
      position = Math.min(fetched.next, end)
      const records = fetched.records.filter(({ offset }) => offset < end)
      if (records.length > 0) yield { records, next: position }
    }
  }

  async close(): Promise<void> {
    this.#closed.abort()
  }

  /** Undefined when the read was aborted. */
  async #fetch(
    { tp, maxBytes = DEFAULT_MAX_BYTES }: ReadRequest,
    from: number,
    signal: AbortSignal,
  ): Promise<FetchedLog | undefined> {
    const deadlineMs = this.#link.clock.monotonicMs() + FAILURE_BUDGET_MS
    const request = { wanted: [{ tp, from }], maxBytes, partitionMaxBytes: maxBytes }
    const aborted = Promise.withResolvers<undefined>()
    const abort = (): void => aborted.resolve(undefined)
    signal.addEventListener('abort', abort)
    try {
      while (!signal.aborted) {
        try {
          return await Promise.race([this.#fetchOnce(request, from, signal), aborted.promise])
        } catch (error) {
          if (!isPassing(error) || this.#link.clock.monotonicMs() > deadlineMs) {
            throw portErrorOf(error, `read partition ${tp.partition} of`, tp.topic)
          }
          await Promise.race([this.#link.wait(RETRY_WAIT_MS), aborted.promise])
        }
      }
      return undefined
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async #fetchOnce(
    request: Parameters<ClusterState['topics']['fetch']>[0],
    from: number,
    signal: AbortSignal,
  ): Promise<FetchedLog | undefined> {
    const { topics } = this.#cluster
    const [fetched] = await this.#link.call('Fetch', () =>
      topics.fetchOrWait(request, (stop) => signal.addEventListener('abort', stop, { once: true })),
    )
    if (fetched?.error === undefined) return fetched
    if (errorTypeOf(fetched.error) !== 'OFFSET_OUT_OF_RANGE') throw fetched.error
    throw offsetOutOfRange(fetched.tp, from, topics.log(fetched.tp))
  }
}

/** A range that nobody asked to end early must not look as if it held no more. */
function refuseHalf({ to, signal }: ReadRequest): void {
  if (to === 'tail' || signal?.aborted === true) return
  throw brokerUnavailable(['memory'], new Error('the reader was closed before the end of the range'))
}
