// One process publishes at a fixed rate and runs what it publishes.
import { defineAgent } from '@towline/contracts'
import { benchFleet, type FleetPlace } from '../ground/bench-fleet.ts'
import { benchTask, benchType } from '../ground/bench-task.ts'
import type { Latencies } from '../measure/latency-report.ts'
import { machineMs } from '../measure/machine-clock.ts'
import { openLoop } from '../measure/open-loop.ts'
import { Stopwatch } from '../measure/stopwatch.ts'
import { serveRounds } from '../process/serve-rounds.ts'

export interface TowlinePickupJob {
  readonly place: FleetPlace
  readonly ratePerSecond: number
  readonly count: number
  /** The first so many are not measured: the group has just been joined. */
  readonly unmeasured: number
}

serveRounds(pipe)

/** The time from when each task was due to the start of its handler, in the order they started. */
async function pipe({ place, ratePerSecond, count, unmeasured }: TowlinePickupJob): Promise<Latencies> {
  const latencies: number[] = []
  const ended = Promise.withResolvers<void>()
  const agent = defineAgent(benchType, {
    run: ({ n, dueMs }) => {
      if (n >= unmeasured) latencies.push(machineMs() - dueMs)
      return { n }
    },
  })
  await using fleet = await benchFleet(place, { agents: [agent] })
  const [runner, towline] = await Promise.all([fleet.runner(), fleet.connect()])
  let ends = 0
  runner.events.on('task:ended', () => {
    ends += 1
    if (ends === count) ended.resolve()
  })
  await runner.start()
  const fire = (n: number, dueMs: number): void => {
    towline.publish(benchType, benchTask(n, { dueMs })).catch(ended.reject)
  }
  const stopwatch = new Stopwatch()
  stopwatch.start()
  await openLoop({ ratePerSecond, count }, fire, machineMs)
  await ended.promise
  const measured = stopwatch.stop()
  await runner.drain()
  return { ...measured, latencies }
}
