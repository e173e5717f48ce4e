// One runner with every option at its default and a handler that does nothing.
import { defineAgent, topicNames } from '@towline/contracts'
import { benchFleet, type FleetPlace } from '../ground/bench-fleet.ts'
import { benchType } from '../ground/bench-task.ts'
import { type Measured, Stopwatch } from '../measure/stopwatch.ts'
import { serveRounds } from '../process/serve-rounds.ts'

export interface TowlineDrainJob {
  readonly place: FleetPlace
  readonly records: number
}

serveRounds(drain)

async function drain({ place, records }: TowlineDrainJob): Promise<Measured> {
  const agent = defineAgent(benchType, { run: ({ n }) => ({ n }) })
  await using fleet = await benchFleet(place, { agents: [agent] })
  const runner = await fleet.runner()
  const { tasks } = topicNames(benchType.type, place.namespace)
  const stopwatch = new Stopwatch()
  const drained = Promise.withResolvers<Measured>()
  let ended = 0
  runner.events.on('partition:assigned', ({ topic }) => {
    if (topic === tasks) stopwatch.start()
  })
  runner.events.on('task:ended', () => {
    ended += 1
    if (ended === records) drained.resolve(stopwatch.stop())
  })
  await runner.start()
  const measured = await drained.promise
  await runner.drain()
  return measured
}
