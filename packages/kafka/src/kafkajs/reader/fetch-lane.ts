import { setImmediate as turn } from 'node:timers/promises'
import { partitionId } from '../../ports/record.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'
import { type FetchedPartition, type FetchFrom, fetchFrom } from '../protocol/fetch.ts'

interface Waiting {
  readonly fetch: FetchFrom
  readonly resolve: (fetched: FetchedPartition) => void
  readonly reject: (error: unknown) => void
}

/** Most bytes of one answer, whatever number of reads share it. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024

/**
 * Fetches of many reads from one node, one request at a time: a broker serves the requests of a connection one after
 * another, so a long poll of one read would hold up all others. Reads that wait together travel in one request.
 */
export class FetchLane {
  readonly #client: ClusterClient
  readonly #nodeId: number
  readonly #maxWaitMs: number
  #waiting: Waiting[] = []
  #isRunning = false

  /** @param maxWaitMs Longest the broker may hold an answer without records; 0 answers at once. */
  constructor(client: ClusterClient, nodeId: number, maxWaitMs: number) {
    this.#client = client
    this.#nodeId = nodeId
    this.#maxWaitMs = maxWaitMs
  }

  /** Settles with whatever the broker answers for the partition, an error code or no record included. */
  async fetch(fetch: FetchFrom): Promise<FetchedPartition> {
    const { promise, resolve, reject } = Promise.withResolvers<FetchedPartition>()
    this.#waiting.push({ fetch, resolve, reject })
    if (!this.#isRunning) void this.#run()
    return await promise
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#waiting.length > 0) {
      await turn() // lets every read that the last answer served ask again
      await this.#fetchTogether(this.#take())
    }
    this.#isRunning = false
  }

  /** All that wait, but one per partition. */
  #take(): ReadonlyMap<string, Waiting> {
    const taken = new Map<string, Waiting>()
    this.#waiting = this.#waiting.filter((waiting) => {
      const id = partitionId(waiting.fetch.tp)
      if (taken.has(id)) return true
      taken.set(id, waiting)
      return false
    })
    return taken
  }

  async #fetchTogether(taken: ReadonlyMap<string, Waiting>): Promise<void> {
    const partitions = [...taken.values()].map(({ fetch }) => fetch)
    try {
      const broker = await this.#client.node(this.#nodeId)
      const request = { maxWaitMs: this.#maxWaitMs, maxBytes: MAX_ANSWER_BYTES, partitions }
      const answers = await fetchFrom(broker, request, this.#client.context.kafkajs)
      for (const answer of answers) taken.get(partitionId(answer.tp))?.resolve(answer)
      const unanswered = this.#client.errorOf(KAFKA_ERROR.UNKNOWN_SERVER_ERROR)
      for (const { reject } of taken.values()) reject(unanswered)
    } catch (error) {
      for (const { reject } of taken.values()) reject(error)
    }
  }
}
