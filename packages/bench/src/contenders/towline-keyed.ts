// One runner, a hundred attempts at once, one partition.
import { setTimeout as sleep } from 'node:timers/promises'
import { defineAgent, type Ordering } from '@towline/contracts'
import { benchFleet, type FleetPlace } from '../ground/bench-fleet.ts'
import { benchType } from '../ground/bench-task.ts'
import { KeyOrder } from '../measure/key-order.ts'
import { Stopwatch } from '../measure/stopwatch.ts'
import { serveRounds } from '../process/serve-rounds.ts'
import type { KeyedResult } from './plain-keyed.ts'

export interface TowlineKeyedJob {
  readonly place: FleetPlace
  readonly records: number
  readonly inFlight: number
  readonly ordering: Ordering
}

serveRounds(run)

async function run({ place, records, inFlight, ordering }: TowlineKeyedJob): Promise<KeyedResult> {
  const stopwatch = new Stopwatch()
  const done = Promise.withResolvers<KeyedResult>()
  const order = new KeyOrder()
  const agent = defineAgent(benchType, {
    ordering,
    concurrency: inFlight,
    run: async ({ n, workMs }, { key }) => {
      stopwatch.start()
      order.started(key ?? '', n)
      if (workMs > 0) await sleep(workMs)
      order.ended(key ?? '')
      return { n }
    },
  })
  await using fleet = await benchFleet(place, { agents: [agent], taskPartitions: 1 })
  const runner = await fleet.runner()
  let ended = 0
  runner.events.on('task:ended', () => {
    ended += 1
    if (ended === records) done.resolve({ ...stopwatch.stop(), keyOrderBroken: order.broken })
  })
  await runner.start()
  const result = await done.promise
  await runner.drain()
  return result
}
