import { setTimeout as sleep } from 'node:timers/promises'
import type { TowlineError } from '@towline/contracts'
import { brokerUnavailable, offsetOutOfRange } from '../../ports/port-errors.ts'
import type { ReadBatch, ReadRequest } from '../../ports/reader-port.ts'
import type { TopicPartition } from '../../ports/record.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { boundsOf } from '../cluster/list-offsets.ts'
import { retrying } from '../cluster/retrying.ts'
import type { TopicLeaders } from '../cluster/topic-leaders.ts'
import { errorTypeOf, isPassing, towlineErrorOf } from '../kafka-error.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'
import type { FetchedPartition, FetchFrom } from '../protocol/fetch.ts'

/** What a read needs of the connections it shares. */
export interface ReadConnections {
  readonly client: ClusterClient
  readonly leaders: TopicLeaders
  /** Asks one node for what is there now, or, `atEnd`, waits a little for more. */
  fetch(nodeId: number, from: FetchFrom, atEnd: boolean): Promise<FetchedPartition>
}

const DEFAULT_MAX_BYTES = 1024 * 1024
/** How long failures in a row are retried before they are thrown. */
const FAILURE_BUDGET_MS = 30_000
const RETRY_WAIT_MS = 100
const BOUNDS_BUDGET_MS = 5_000

/**
 * Reads one range of one partition; the next fetch travels while the caller works on the batch before.
 *
 * @param closed Aborted when the reader is closed.
 */
export async function* readPartition(
  request: ReadRequest,
  connections: ReadConnections,
  closed: AbortSignal,
): AsyncGenerator<ReadBatch> {
  const { tp, from, to, maxBytes = DEFAULT_MAX_BYTES } = request
  const signal = request.signal === undefined ? closed : AbortSignal.any([request.signal, closed])
  const end = to === 'tail' ? Number.POSITIVE_INFINITY : to
  const fetcher = new RetryingFetcher(tp, maxBytes, connections, signal)
  let ahead = from < end ? fetcher.fetch(from, false) : undefined
  while (ahead !== undefined) {
    const fetched = await ahead
    if (fetched === undefined) return refuseHalf(request, connections)
    const { next } = fetched
    const isEmpty = next === fetched.from
    ahead = next < end ? fetcher.fetch(next, isEmpty || next >= fetched.highWatermark) : undefined
    ahead?.catch(() => undefined) // thrown when it is its turn
    if (isEmpty) continue
    const records = next <= end ? fetched.records : fetched.records.filter(({ offset }) => offset < end)
    yield { records, next: Math.min(next, end) }
    if (signal.aborted && ahead !== undefined) return refuseHalf(request, connections)
  }
}

/** A range that nobody asked to end early must not look as if it held no more. */
function refuseHalf({ to, signal }: ReadRequest, { client }: ReadConnections): void {
  if (to === 'tail' || signal?.aborted === true) return
  throw brokerUnavailable(client.brokers, new Error('the reader was closed before the end of the range'))
}

/** Fetches one partition, following its leader. */
class RetryingFetcher {
  readonly #tp: TopicPartition
  readonly #maxBytes: number
  readonly #connections: ReadConnections
  readonly #signal: AbortSignal

  constructor(tp: TopicPartition, maxBytes: number, connections: ReadConnections, signal: AbortSignal) {
    this.#tp = tp
    this.#maxBytes = maxBytes
    this.#connections = connections
    this.#signal = signal
  }

  /** Undefined when the read was aborted. */
  async fetch(from: number, atEnd: boolean): Promise<FetchedPartition | undefined> {
    const deadline = performance.now() + FAILURE_BUDGET_MS
    while (!this.#signal.aborted) {
      try {
        const fetched = await unlessAborted(this.#fetchOnce(from, atEnd), this.#signal)
        if (fetched === undefined) return undefined
        if (fetched.errorCode === KAFKA_ERROR.NONE) return fetched
        this.#connections.client.check(fetched.errorCode)
      } catch (error) {
        await this.#recover(error, from, deadline)
      }
    }
    return undefined
  }

  async #fetchOnce(from: number, atEnd: boolean): Promise<FetchedPartition> {
    const { client, leaders } = this.#connections
    const leader = (await leaders.load(this.#tp.topic))[this.#tp.partition]
    if (leader === undefined) throw client.errorOf(KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION)
    if (leader === null) throw client.errorOf(KAFKA_ERROR.LEADER_NOT_AVAILABLE)
    return await this.#connections.fetch(leader, { tp: this.#tp, from, maxBytes: this.#maxBytes }, atEnd)
  }

  /** Returns when another attempt is worth it, throws the typed error otherwise. */
  async #recover(error: unknown, from: number, deadline: number): Promise<void> {
    const { topic, partition } = this.#tp
    const { client, leaders } = this.#connections
    const wasCached = leaders.leaderOf(this.#tp) !== null
    leaders.forget(topic)
    if (errorTypeOf(error) === 'OFFSET_OUT_OF_RANGE') throw await this.#outOfRange(from)
    const mayHaveMoved = errorTypeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION' && wasCached
    if (!(isPassing(error) || mayHaveMoved) || performance.now() > deadline) {
      throw towlineErrorOf(error, { doing: `read partition ${partition} of`, subject: topic, brokers: client.brokers })
    }
    await sleep(RETRY_WAIT_MS, undefined, { signal: this.#signal }).catch(() => undefined)
  }

  async #outOfRange(from: number): Promise<TowlineError> {
    const { topic } = this.#tp
    const { client } = this.#connections
    try {
      return offsetOutOfRange(
        this.#tp,
        from,
        await retrying(() => boundsOf(client, this.#tp), { budgetMs: BOUNDS_BUDGET_MS }),
      )
    } catch (error) {
      return towlineErrorOf(error, { doing: 'read the bounds of', subject: topic, brokers: client.brokers })
    }
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const stop = (): void => resolve(undefined)
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
