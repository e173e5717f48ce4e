// Replays the whole tasks topic into the replay topic, every option but the rate at its default. Nothing runs what arrives there.
import { benchFleet, type FleetPlace } from '../ground/bench-fleet.ts'
import { benchType } from '../ground/bench-task.ts'
import { type Measured, Stopwatch } from '../measure/stopwatch.ts'
import { serveRounds } from '../process/serve-rounds.ts'

export interface TowlineReplayJob {
  readonly place: FleetPlace
  readonly records: number
  /** Default: as fast as it goes. */
  readonly ratePerSecond?: number
}

serveRounds(replay)

async function replay({ place, records, ratePerSecond }: TowlineReplayJob): Promise<Measured> {
  await using fleet = await benchFleet(place)
  const replays = await fleet.replays(benchType.type)
  const { plan } = await replays.plan({ all: true, by: 'bench', ratePerSecond })
  const stopwatch = new Stopwatch()
  stopwatch.start()
  const result = await replays.run(plan)
  const measured = stopwatch.stop()
  if (result.end !== 'finished' || result.sent !== records)
    throw new Error(`the replay sent ${result.sent}, ${result.end}`)
  return measured
}
