import { createRecordSender, type ProducerPort } from '@towline/kafka'
import type { ReplayPorts } from '../src/index.ts'

/** When a process dies: before its n-th call to the cluster takes effect, or after, unanswered. */
export interface Death {
  readonly atCall: number
  readonly takesEffect: boolean
}

/** What a process works with while it lives. */
export type LivingPorts = Omit<ReplayPorts, 'sender'> & { readonly producer: ProducerPort }

/** Ports of a process that dies at a chosen call: that call and all later ones fail, whatever tries to catch it. */
export class MortalPorts {
  readonly #living: LivingPorts
  readonly #death: Death
  /** What was called, in order. */
  readonly calls: string[] = []

  constructor(living: LivingPorts, death: Death) {
    this.#living = living
    this.#death = death
  }

  get hasDied(): boolean {
    return this.calls.length >= this.#death.atCall
  }

  ports(): ReplayPorts {
    const { admin, reader, producer, clock } = this.#living
    const mortal: ProducerPort = {
      leaderOf: (tp) => producer.leaderOf(tp),
      refresh: (topic) => producer.refresh(topic),
      close: () => producer.close(),
      partitionCount: (topic) => this.#call('partitionCount', () => producer.partitionCount(topic)),
      send: (batches) => this.#call('send', () => producer.send(batches)),
    }
    return {
      clock,
      admin: {
        describeTopics: (topics) => this.#call('describeTopics', () => admin.describeTopics(topics)),
        offsets: (topic) => this.#call('offsets', () => admin.offsets(topic)),
        committed: (...args) => this.#call('committed', () => admin.committed(...args)),
        commitNote: (...args) => this.#call('commitNote', () => admin.commitNote(...args)),
      },
      reader: { read: (request) => this.#reading(reader.read(request)) },
      // A send without an answer is given up soon: a dead process does not wait two minutes.
      sender: createRecordSender(mortal, { clock, deliveryTimeoutMs: 100 }),
    }
  }

  async *#reading<T>(batches: AsyncIterable<T>): AsyncIterable<T> {
    const iterator = batches[Symbol.asyncIterator]()
    for (;;) {
      const read = await this.#call('read', () => iterator.next())
      if (read.done === true) return
      yield read.value
    }
  }

  async #call<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (this.hasDied) throw new Error('the process is dead')
    this.calls.push(name)
    if (!this.hasDied) return await work()
    if (this.#death.takesEffect) await work()
    throw new Error(`killed at call ${this.calls.length} (${name})`)
  }
}
