import type { ReadBatch, ReaderPort, ReadRequest } from '../../ports/reader-port.ts'
import { ClusterClient } from '../cluster/cluster-client.ts'
import { TopicLeaders } from '../cluster/topic-leaders.ts'
import { REQUEST_TIMEOUT_MS } from '../connection-settings.ts'
import type { FetchedPartition, FetchFrom } from '../protocol/fetch.ts'
import { FetchLane } from './fetch-lane.ts'
import { type ReadConnections, readPartition } from './partition-read.ts'

/** Longest a broker may hold a fetch at the end of a log. */
const LONG_POLL_MS = 250

/** Reads on two connections to a broker: one for what is there, one that waits at the ends of logs. */
export class KafkajsReader implements ReaderPort {
  readonly #present: ClusterClient
  readonly #awaited: ClusterClient
  readonly #connections: ReadConnections
  readonly #lanes = new Map<string, FetchLane>()
  readonly #closed = new AbortController()

  constructor(client: ClusterClient) {
    this.#present = client
    this.#awaited = new ClusterClient(client.context, { requestTimeoutMs: REQUEST_TIMEOUT_MS })
    this.#connections = {
      client,
      leaders: new TopicLeaders(client),
      fetch: (nodeId, from, atEnd) => this.#fetch(nodeId, from, atEnd),
    }
  }

  read(request: ReadRequest): AsyncIterable<ReadBatch> {
    return readPartition(request, this.#connections, this.#closed.signal)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.all([this.#present.close(), this.#awaited.close()])
  }

  async #fetch(nodeId: number, from: FetchFrom, atEnd: boolean): Promise<FetchedPartition> {
    const id = `${nodeId}/${atEnd}`
    let lane = this.#lanes.get(id)
    if (lane === undefined) {
      lane = atEnd ? new FetchLane(this.#awaited, nodeId, LONG_POLL_MS) : new FetchLane(this.#present, nodeId, 0)
      this.#lanes.set(id, lane)
    }
    return await lane.fetch(from)
  }
}
