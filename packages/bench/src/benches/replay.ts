import { HEADER, headerText } from '@towline/contracts'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { TowlineReplayJob } from '../contenders/towline-replay.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { benchTask } from '../ground/bench-task.ts'
import { SeededGround } from '../ground/seeded-ground.ts'
import { alternate, type Turn } from '../measure/alternate.ts'
import { type RoundOutcome, reportOf, speedRatio } from '../measure/contender-report.ts'
import type { Measured } from '../measure/stopwatch.ts'
import { WarmGround, warmTurn } from '../measure/warm-turn.ts'
import { Contender } from '../process/contender.ts'
import { towlineDrain } from './drain.ts'

export const replay: Bench = {
  name: 'replay',
  summary: 'a tasks topic of 12 partitions copied into the replay topic, beside draining it',
  defaults: { records: 100_000, rounds: 5 },
  run: runReplay,
}

async function runReplay(broker: BenchBroker, { records, rounds }: BenchOptions): Promise<BenchResult> {
  const items = Array.from({ length: records }, (_, n) => ({ input: benchTask(n) }))
  const seeded = () => WarmGround.create(() => SeededGround.create(broker, items))
  const [drain, copy] = [towlineDrain(records), towlineReplay(records)]
  const outcomes = await alternate(rounds, async () => new ReplayGround(await seeded(), await seeded()), {
    replay: ({ replayed }) => copy(replayed),
    drain: ({ drained }) => drain(drained),
  })
  const contenders = { replay: reportOf(outcomes.replay, records), drain: reportOf(outcomes.drain, records) }
  return { contenders, ratios: { 'replay to drain': speedRatio(contenders.replay, contenders.drain) } }
}

function towlineReplay(records: number): Turn<WarmGround<SeededGround>, RoundOutcome> {
  return warmTurn(
    () => Contender.start<TowlineReplayJob, Measured>('towline-replay'),
    async (towline, ground: SeededGround) => {
      const measured = await towline.run({ place: ground.round.place, records })
      const copies = await ground.round.recordsIn(ground.round.topics.replay)
      return { ...measured, delivery: ground.deliveryOf(copies.map((copy) => headerText(copy.headers, HEADER.parent))) }
    },
  )
}

/** The same tasks twice: a runner would also run what was replayed. */
class ReplayGround implements AsyncDisposable {
  readonly replayed: WarmGround<SeededGround>
  readonly drained: WarmGround<SeededGround>

  constructor(replayed: WarmGround<SeededGround>, drained: WarmGround<SeededGround>) {
    this.replayed = replayed
    this.drained = drained
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.replayed[Symbol.asyncDispose]()
    await this.drained[Symbol.asyncDispose]()
  }
}
