import { setTimeout as delay } from 'node:timers/promises'
import { RawClient } from './raw-client.ts'

interface ProduceAnswer {
  readonly topics: readonly {
    readonly partitions: readonly { readonly errorCode: number; readonly baseOffset: string }[]
  }[]
}

interface CommitAnswer {
  readonly responses: readonly { readonly partitions: readonly { readonly errorCode: number }[] }[]
}

/** Produces records and says at which offset, or with which error; null when the connection is lost instead. */
export async function produceTo(
  raw: RawClient,
  topic: string,
  values: readonly string[],
  partition = 0,
): Promise<{ readonly errorCode: number; readonly baseOffset: number } | null> {
  const topicData = [{ topic, partitions: [{ partition, messages: values.map((value) => ({ value })) }] }]
  const answer = await raw.request<ProduceAnswer>('Produce', 7, { acks: -1, timeout: 1_000, topicData })
  const told = answer?.topics[0]?.partitions[0]
  return told === undefined ? null : { errorCode: told.errorCode, baseOffset: Number(told.baseOffset) }
}

/** Commits from outside the group; null when the connection is lost instead of an answer. */
export async function commitTo(raw: RawClient, group: string, offset: number, metadata = ''): Promise<number | null> {
  const topics = [{ topic: 't', partitions: [{ partition: 0, offset: String(offset), metadata }] }]
  const args = { groupId: group, groupGenerationId: -1, memberId: '', topics }
  const answer = await raw.request<CommitAnswer>('OffsetCommit', 5, args)
  return answer?.responses[0]?.partitions[0]?.errorCode ?? null
}

/** What a broker has acknowledged, and therefore must not lose. */
export class AckedLoad {
  /** Value → `<partition>/<offset>`. Values differ. */
  readonly records = new Map<string, string>()
  /** Commits count up: the last acknowledged one, and the last one sent. */
  committed = -1
  committing = -1
  readonly topics: string[] = []
  readonly schemas = new Map<string, number>()
  acks = 0
  #isOver = false
  readonly #running: readonly Promise<void>[]

  constructor(brokers: string, registry: string) {
    const work = [0, 1].map((partition) => this.#again(brokers, (raw) => this.#produce(raw, partition)))
    const others = [this.#commit, this.#createTopic].map((one) => this.#again(brokers, (raw) => one.call(this, raw)))
    this.#running = [...work, ...others, this.#again(brokers, () => this.#register(registry))]
  }

  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#running)
  }

  /** Does `work` again and again, on a new connection when it says that the old one is lost. */
  async #again(brokers: string, work: (raw: RawClient) => Promise<boolean>): Promise<void> {
    while (!this.#isOver) {
      await using raw = new RawClient(brokers)
      while (!this.#isOver && (await work(raw))) this.acks += 1
      await delay(5)
    }
  }

  async #produce(raw: RawClient, partition: number): Promise<boolean> {
    const values = Array.from({ length: 20 }, () => `${Math.random()}`.padEnd(200, '.'))
    const told = await produceTo(raw, 't', values, partition)
    if (told?.errorCode !== 0) return false
    for (const [i, value] of values.entries()) this.records.set(value, `${partition}/${told.baseOffset + i}`)
    return true
  }

  async #commit(raw: RawClient): Promise<boolean> {
    this.committing += 1
    if ((await commitTo(raw, 'g', this.committing, `note ${this.committing}`)) !== 0) return false
    this.committed = this.committing
    return true
  }

  async #createTopic(raw: RawClient): Promise<boolean> {
    const topic = `made-${Math.random()}`
    const topics = [{ topic, numPartitions: 1, replicationFactor: 1 }]
    const answer = await raw.request<{ topicErrors: { errorCode: number }[] }>('CreateTopics', 2, {
      ...{ topics, validateOnly: false, timeout: 1_000 },
    })
    if (answer?.topicErrors[0]?.errorCode !== 0) return false
    this.topics.push(topic)
    await delay(20)
    return true
  }

  async #register(registry: string): Promise<boolean> {
    const subject = `s${Math.random()}`
    const schema = JSON.stringify({ type: 'record', name: `R${this.schemas.size}`, fields: [] })
    try {
      const answer = await fetch(`${registry}/subjects/${subject}/versions`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ schema }) },
      })
      const { id } = (await answer.json()) as { id?: number }
      if (id !== undefined) this.schemas.set(subject, id)
      await delay(20)
      return id !== undefined
    } catch {
      return false
    }
  }
}
