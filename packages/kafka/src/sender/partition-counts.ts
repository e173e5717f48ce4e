import type { Clock } from '@towline/contracts'
import type { ProducerPort } from '../ports/producer-port.ts'
import { OrderedAnswer } from './ordered-answer.ts'

/** Partitions can be added to a topic at any time; a count older than this is asked for again in the background. */
const MAX_AGE_MS = 300_000

interface KnownCount {
  readonly count: number
  readonly askedAtMs: number
}

/** Partition counts of topics, for callers in the order they ask. */
export class PartitionCounts {
  readonly #producer: ProducerPort
  readonly #clock: Clock
  readonly #counts = new Map<string, OrderedAnswer<KnownCount>>()
  readonly #refreshing = new Set<string>()

  constructor(producer: ProducerPort, clock: Clock) {
    this.#producer = producer
    this.#clock = clock
  }

  /** The count where it is known, for whom {@link use} would serve at once. */
  known(topic: string): number | undefined {
    const known = this.#counts.get(topic)?.known
    if (known === undefined) return undefined
    if (this.#clock.monotonicMs() - known.askedAtMs > MAX_AGE_MS) void this.#refresh(topic)
    return known.count
  }

  /** `failed` is given TOWLINE_TOPIC_MISSING or TOWLINE_BROKER_UNAVAILABLE. Neither callback may throw. */
  use(topic: string, ready: (count: number) => void, failed: (error: unknown) => void): void {
    this.#answerOf(topic).use(
      ({ count }) => ready(count),
      (error) => {
        this.#counts.delete(topic)
        failed(error)
      },
    )
  }

  #answerOf(topic: string): OrderedAnswer<KnownCount> {
    let answer = this.#counts.get(topic)
    if (answer === undefined) {
      answer = new OrderedAnswer(() => this.#ask(topic))
      this.#counts.set(topic, answer)
    }
    return answer
  }

  async #ask(topic: string): Promise<KnownCount> {
    const askedAtMs = this.#clock.monotonicMs()
    return { count: await this.#producer.partitionCount(topic), askedAtMs }
  }

  /** The count as the cluster has it now. @throws TowlineError TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE */
  async recount(topic: string): Promise<number> {
    await this.#producer.refresh(topic)
    const known = await this.#ask(topic)
    this.#counts.get(topic)?.replace(known)
    return known.count
  }

  async #refresh(topic: string): Promise<void> {
    if (this.#refreshing.has(topic)) return
    this.#refreshing.add(topic)
    try {
      await this.recount(topic)
    } catch {
      // The old count serves until a new one comes; a failed send tells what is wrong with the topic.
    } finally {
      this.#refreshing.delete(topic)
    }
  }
}
