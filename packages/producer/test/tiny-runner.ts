import { avroCodec, type Failure, readEnvelope, type TaskEnvelope, TaskResult } from '@towline/contracts'
import type { KafkaRecord } from '@towline/kafka'
import { type Bench, registerResultSchemas } from './bench.ts'
import { type EchoRequest, echo } from './echo-agent.ts'

/** How the tiny runner ends a task. */
export type Ending =
  | { readonly end: 'succeeded'; readonly echo: string }
  | { readonly end: 'dead-lettered'; readonly reason: string; readonly failure: Omit<Failure, 'stack'> }
  | { readonly end: 'cancelled' | 'expired' }

export type Handler = (input: EchoRequest, task: TaskEnvelope) => Ending | Promise<Ending>

export const echoed: Handler = ({ text, times }) => ({ end: 'succeeded', echo: text.repeat(times) })

/** Writes ends as a runner does, without being one. */
export class EndWriter {
  readonly #bench: Bench
  readonly #ids: Promise<{ resultId: number; outputId: number }>

  constructor(bench: Bench) {
    this.#bench = bench
    this.#ids = registerResultSchemas(bench)
    this.#ids.catch(() => undefined)
  }

  async write(task: Pick<TaskEnvelope, 'taskId' | 'life'> & Partial<TaskEnvelope>, ending: Ending): Promise<void> {
    const { registry, sender, topics } = this.#bench
    const { resultId, outputId } = await this.#ids
    const output =
      ending.end === 'succeeded' ? avroCodec(echo.output, registry).encode({ echo: ending.echo }, outputId) : null
    const dead = ending.end === 'dead-lettered' ? ending : null
    const result: TaskResult = {
      taskId: task.taskId,
      life: task.life,
      end: ending.end,
      reason: dead?.reason ?? null,
      attempts: dead?.failure.attempt ?? 1,
      mayHaveRun: false,
      runnerId: 'tiny',
      origin: task.origin ?? { topic: topics.tasks, partition: 0, offset: 0 },
      queuedAt: task.queuedAtMs ?? 1,
      startedAt: null,
      finishedAt: Date.now(),
      failure: dead === null ? null : { ...dead.failure, stack: null },
      parent: null,
      replayId: null,
      output,
    }
    const value = avroCodec(TaskResult, registry).encode(result, resultId)
    await sender.send({ topic: topics.results }, { key: Buffer.from(task.taskId), value, headers: {} })
  }
}

/** Runs every task of a bench, from the beginning of its topic on, until it is disposed of. */
export class TinyRunner implements AsyncDisposable {
  readonly #bench: Bench
  readonly #handler: Handler
  readonly #writer: EndWriter
  readonly #stop = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  private constructor(bench: Bench, handler: Handler) {
    this.#bench = bench
    this.#handler = handler
    this.#writer = new EndWriter(bench)
  }

  static async start(bench: Bench, handler: Handler = echoed): Promise<TinyRunner> {
    const runner = new TinyRunner(bench, handler)
    const offsets = await bench.admin.offsets(bench.topics.tasks)
    runner.#running = Promise.all(offsets.map(({ partition, low }) => runner.#run(partition, low)))
    return runner
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(partition: number, from: number): Promise<void> {
    const tp = { topic: this.#bench.topics.tasks, partition }
    for await (const { records } of this.#bench.reader.read({ tp, from, to: 'tail', signal: this.#stop.signal })) {
      for (const record of records) await this.#runOne(record, partition)
    }
  }

  async #runOne(record: KafkaRecord, partition: number): Promise<void> {
    const { envelope } = readEnvelope({ ...record, topic: this.#bench.topics.tasks, partition })
    const decoded = await avroCodec(echo.input, this.#bench.registry).decode(record.value)
    if (decoded.kind !== 'decoded') throw new Error('a test published what it cannot read')
    await this.#writer.write(envelope, await this.#handler(decoded.value, envelope))
  }
}
