// A runner whose tasks take longer than the bench.
import { defineAgent, topicNames } from '@towline/contracts'
import { benchFleet, type FleetPlace } from '../ground/bench-fleet.ts'
import { benchType } from '../ground/bench-task.ts'
import { machineMs } from '../measure/machine-clock.ts'
import { serveRounds } from '../process/serve-rounds.ts'
import type { TakeoverTold } from './takeover-messages.ts'

export interface TowlineTakeoverJob {
  readonly place: FleetPlace
  /** Attempts at once. */
  readonly inFlight: number
}

serveRounds(start)

/** Resolves when it has joined; works on until its process ends. */
async function start({ place, inFlight }: TowlineTakeoverJob, tell: (what: TakeoverTold) => void): Promise<null> {
  const agent = defineAgent(benchType, {
    concurrency: inFlight,
    run: async ({ n }, { taskId, signal }) => {
      tell({ kind: 'started', taskId, atMs: machineMs() })
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      return { n }
    },
  })
  const fleet = await benchFleet(place, { agents: [agent] })
  const runner = await fleet.runner()
  const { tasks } = topicNames(benchType.type, place.namespace)
  const held = new Set<number>()
  runner.events.on('partition:assigned', ({ topic, partition }) => {
    if (topic === tasks) tell({ kind: 'holds', partitions: [...held.add(partition)] })
  })
  runner.events.on('partition:lost', ({ topic, partition }) => {
    if (topic === tasks && held.delete(partition)) tell({ kind: 'holds', partitions: [...held] })
  })
  await runner.start()
  return null
}
