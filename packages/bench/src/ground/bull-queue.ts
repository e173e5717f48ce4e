import { Queue } from 'bullmq'
import { countDelivery, type Delivery } from '../measure/delivery.ts'
import { type BenchTask, benchTask } from './bench-task.ts'

const JOBS_AT_ONCE = 1_000
let queues = 0

/** A queue of BullMQ with the tasks 0 to `records` − 1 in it. Disposing removes it. */
export class BullQueue implements AsyncDisposable {
  readonly port: number
  readonly name: string
  readonly records: number
  readonly #queue: Queue<BenchTask>

  private constructor(port: number, records: number) {
    queues += 1
    this.port = port
    this.name = `bench-${queues}`
    this.records = records
    this.#queue = new Queue(this.name, { connection: { host: '127.0.0.1', port } })
  }

  static async create(port: number, records: number): Promise<BullQueue> {
    const queue = new BullQueue(port, records)
    for (let from = 0; from < records; from += JOBS_AT_ONCE) {
      const count = Math.min(JOBS_AT_ONCE, records - from)
      await queue.#queue.addBulk(
        Array.from({ length: count }, (_, n) => ({ name: 'bench', data: benchTask(from + n) })),
      )
    }
    return queue
  }

  /** By what the completed jobs returned: each counts as often as it was started. */
  async delivery(): Promise<Delivery> {
    const arrived: string[] = []
    for (let from = 0; from < this.records; from += JOBS_AT_ONCE) {
      for (const job of await this.#queue.getCompleted(from, from + JOBS_AT_ONCE - 1)) {
        const { n } = job.returnvalue as { readonly n: number }
        for (let start = 0; start < job.attemptsStarted; start += 1) arrived.push(String(n))
      }
    }
    return countDelivery(
      Array.from({ length: this.records }, (_, n) => String(n)),
      arrived,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.obliterate({ force: true })
    await this.#queue.close()
  }
}
