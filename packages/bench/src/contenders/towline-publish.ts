// publishMany of the SDK, every option at its default.
import { connect } from '@towline/producer'
import type { FleetPlace } from '../ground/bench-fleet.ts'
import { benchTask, benchType } from '../ground/bench-task.ts'
import { type Measured, Stopwatch } from '../measure/stopwatch.ts'
import { serveRounds } from '../process/serve-rounds.ts'

export interface TowlinePublishJob {
  readonly place: FleetPlace
  readonly records: number
}

serveRounds(publish)

async function publish({ place, records }: TowlinePublishJob): Promise<Measured> {
  await using towline = await connect(place)
  const items = Array.from({ length: records }, (_, n) => ({ input: benchTask(n) }))
  const stopwatch = new Stopwatch()
  stopwatch.start()
  const outcomes = await towline.publishMany(benchType, items)
  const measured = stopwatch.stop()
  const failed = outcomes.find(({ kind }) => kind === 'failed')
  if (failed?.kind === 'failed') throw failed.error
  return measured
}
