import { groupIdOf, HEADER, headerText } from '@towline/contracts'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { TowlineDrainJob } from '../contenders/towline-drain.ts'
import type { TowlineReplayJob } from '../contenders/towline-replay.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { benchTask } from '../ground/bench-task.ts'
import { SeededGround } from '../ground/seeded-ground.ts'
import { alternate } from '../measure/alternate.ts'
import { type RoundOutcome, reportOf, speedRatio } from '../measure/contender-report.ts'
import type { Measured } from '../measure/stopwatch.ts'
import { Contender } from '../process/contender.ts'

export const replay: Bench = {
  name: 'replay',
  summary: 'a tasks topic of 12 partitions copied into the replay topic, beside draining it',
  defaults: { records: 100_000, rounds: 5 },
  run: runReplay,
}

async function runReplay(broker: BenchBroker, { records, rounds }: BenchOptions): Promise<BenchResult> {
  await using replaying = Contender.start<TowlineReplayJob, Measured>('towline-replay')
  await using draining = Contender.start<TowlineDrainJob, Measured>('towline-drain')
  const outcomes = await alternate({ rounds, warmUps: 1 }, () => ReplayGround.create(broker, records), {
    replay: async ({ replayed }): Promise<RoundOutcome> => {
      const { place, topics } = replayed.round
      const measured = await replaying.run({ place, records })
      const copies = await replayed.round.recordsIn(topics.replay)
      return {
        ...measured,
        delivery: replayed.deliveryOf(copies.map((copy) => headerText(copy.headers, HEADER.parent))),
      }
    },
    drain: async ({ drained }): Promise<RoundOutcome> => {
      const { place, topics } = drained.round
      return await drained.outcome(await draining.run({ place, records }), topics.results, groupIdOf(topics.tasks))
    },
  })
  const contenders = { replay: reportOf(outcomes.replay, records), drain: reportOf(outcomes.drain, records) }
  return { contenders, ratios: { 'replay to drain': speedRatio(contenders.replay, contenders.drain) } }
}

/** The same tasks twice: a runner would also run what was replayed. */
class ReplayGround implements AsyncDisposable {
  readonly replayed: SeededGround
  readonly drained: SeededGround

  private constructor(replayed: SeededGround, drained: SeededGround) {
    this.replayed = replayed
    this.drained = drained
  }

  static async create(broker: BenchBroker, records: number): Promise<ReplayGround> {
    const items = Array.from({ length: records }, (_, n) => ({ input: benchTask(n) }))
    return new ReplayGround(await SeededGround.create(broker, items), await SeededGround.create(broker, items))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.replayed[Symbol.asyncDispose]()
    await this.drained[Symbol.asyncDispose]()
  }
}
