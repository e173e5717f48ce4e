import { type AvroCodec, avroCodec, formatLife, TaskResult } from '@towline/contracts'
import type { AccountContext } from './account.ts'

/** Follows the ends of tasks while the demo runs: for its pace and its progress, not for its account. */
export class EndsWatch {
  readonly #context: AccountContext
  readonly #topic: string
  readonly #codec: AvroCodec<TaskResult>
  readonly #next = new Map<number, number>()
  readonly #ends = new Map<string, TaskResult>()

  constructor(context: AccountContext, resultsTopic: string) {
    this.#context = context
    this.#topic = resultsTopic
    this.#codec = avroCodec(TaskResult, context.schemas)
  }

  get ends(): ReadonlyMap<string, TaskResult> {
    return this.#ends
  }

  /** Ends of one life: 1 for what was published, 2 for what was redriven. */
  countOfLife(life: number): number {
    let count = 0
    for (const end of this.#ends.values()) if (end.life === life && end.replayId === null) count += 1
    return count
  }

  countOfReplay(replayId: string): number {
    let count = 0
    for (const end of this.#ends.values()) if (end.replayId === replayId) count += 1
    return count
  }

  /** Reads what was appended since the last call. */
  async poll(): Promise<void> {
    const { admin, reader } = this.#context
    for (const { partition, low, high } of await admin.offsets(this.#topic)) {
      const from = this.#next.get(partition) ?? low
      if (from >= high) continue
      for await (const { records, next } of reader.read({ tp: { topic: this.#topic, partition }, from, to: high })) {
        for (const { value } of records) await this.#note(value)
        this.#next.set(partition, next)
      }
    }
  }

  async #note(value: Buffer | null): Promise<void> {
    const decoded = await this.#codec.decode(value)
    if (decoded.kind !== 'decoded') return
    const life = formatLife(decoded.value)
    if (!this.#ends.has(life)) this.#ends.set(life, decoded.value)
  }
}
