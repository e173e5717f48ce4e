import type { TopicPartition } from '../../ports/record.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'
import type { ClusterClient } from './cluster-client.ts'

interface KnownTopic {
  readonly leaders: readonly (number | null)[]
  readonly askedAtMs: number
}

/** Partitions added to a topic are noticed so late at most. */
const MAX_AGE_MS = 60_000

/** Cached partition leaders of topics. */
export class TopicLeaders {
  readonly #client: ClusterClient
  readonly #topics = new Map<string, KnownTopic>()
  readonly #loading = new Map<string, Promise<readonly (number | null)[]>>()

  constructor(client: ClusterClient) {
    this.#client = client
  }

  /** Node id of the leader, or null while none is known. */
  leaderOf({ topic, partition }: TopicPartition): number | null {
    return this.#topics.get(topic)?.leaders[partition] ?? null
  }

  /** Leaders by partition, asked for when they are not known, or not lately. @throws kafkajs's UNKNOWN_TOPIC_OR_PARTITION and others of the topic */
  async load(topic: string): Promise<readonly (number | null)[]> {
    const known = this.#topics.get(topic)
    if (known !== undefined && performance.now() - known.askedAtMs < MAX_AGE_MS) return known.leaders
    let loading = this.#loading.get(topic)
    if (loading === undefined) {
      loading = this.#ask(topic).finally(() => this.#loading.delete(topic))
      this.#loading.set(topic, loading)
    }
    return await loading
  }

  forget(topic: string): void {
    this.#topics.delete(topic)
  }

  async #ask(topic: string): Promise<readonly (number | null)[]> {
    const { topicMetadata } = await this.#client.metadata([topic])
    const found = topicMetadata.find((each) => each.topic === topic)
    this.#client.check(found?.topicErrorCode ?? KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION)
    const leaders: (number | null)[] = []
    for (const { partitionId, leader } of found?.partitionMetadata ?? [])
      leaders[partitionId] = leader < 0 ? null : leader
    this.#topics.set(topic, { leaders, askedAtMs: performance.now() })
    return leaders
  }
}
