// One worker of BullMQ, every option but its concurrency at its default; what a job returns is kept with it in Redis.
import { type Job, Worker } from 'bullmq'
import type { BenchTask } from '../ground/bench-task.ts'
import { type Measured, Stopwatch } from '../measure/stopwatch.ts'
import { serveRounds } from '../process/serve-rounds.ts'

export interface BullDrainJob {
  readonly port: number
  readonly queue: string
  readonly records: number
  readonly concurrency: number
}

serveRounds(drain)

async function drain({ port, queue, records, concurrency }: BullDrainJob): Promise<Measured> {
  const connection = { host: '127.0.0.1', port }
  const work = async ({ data }: Job<BenchTask>): Promise<{ readonly n: number }> => ({ n: data.n })
  const worker = new Worker(queue, work, { connection, concurrency, autorun: false })
  const stopwatch = new Stopwatch()
  const drained = Promise.withResolvers<Measured>()
  let completed = 0
  worker.on('completed', () => {
    completed += 1
    if (completed === records) drained.resolve(stopwatch.stop())
  })
  worker.on('failed', (_job, error) => drained.reject(error))
  await worker.waitUntilReady()
  stopwatch.start()
  worker.run().catch(drained.reject)
  const measured = await drained.promise
  await worker.close()
  return measured
}
