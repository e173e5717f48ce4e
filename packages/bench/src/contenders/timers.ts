// The work of the tasks and nothing else: what every order pays.
import { setTimeout as sleep } from 'node:timers/promises'
import { workMs } from '../ground/bench-task.ts'
import { type Measured, Stopwatch } from '../measure/stopwatch.ts'
import { serveRounds } from '../process/serve-rounds.ts'

export interface TimersJob {
  readonly records: number
  readonly inFlight: number
  readonly longestMs: number
}

serveRounds(run)

async function run({ records, inFlight, longestMs }: TimersJob): Promise<Measured> {
  const stopwatch = new Stopwatch()
  stopwatch.start()
  let next = 0
  const workOn = async (): Promise<void> => {
    while (next < records) {
      const ms = workMs(next, longestMs)
      next += 1
      if (ms > 0) await sleep(ms)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, workOn))
  return stopwatch.stop()
}
