import { HEADER, headerText } from '@towline/contracts'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { TowlineReplayJob } from '../contenders/towline-replay.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { benchTasks } from '../ground/bench-task.ts'
import { SeededGround } from '../ground/seeded-ground.ts'
import { alternate, type Turn } from '../measure/alternate.ts'
import { atLeast, atMost } from '../measure/bar.ts'
import { type RoundOutcome, reportOf, speedRatio } from '../measure/contender-report.ts'
import type { Measured } from '../measure/stopwatch.ts'
import { WarmGround, warmTurn } from '../measure/warm-turn.ts'
import { Contender } from '../process/contender.ts'
import { towlineDrain } from './drain.ts'

/** What `towline replay start --rate` is given. */
const RATE_PER_SECOND = 5_000
const AT_RATE = `replay at ${RATE_PER_SECOND}/s` as const

export const replay: Bench = {
  name: 'replay',
  summary: `a tasks topic of 12 partitions copied into the replay topic: as fast as draining it, and at ${RATE_PER_SECOND}/s`,
  defaults: { records: 100_000, rounds: 3 },
  batchSizes: { 'records of a send, at most': 500 },
  run: runReplay,
}

async function runReplay(broker: BenchBroker, { records, rounds }: BenchOptions): Promise<BenchResult> {
  const tasks = benchTasks(records)
  const seeded = () => SeededGround.create(broker, tasks)
  const warm = () => WarmGround.create(seeded)
  const [drainThem, copy] = [towlineDrain(records), towlineReplay(records)]
  const outcomes = await alternate(rounds, async () => new ReplayGround(await warm(), await warm(), await seeded()), {
    replay: ({ replayed }) => copy(replayed),
    drain: ({ drained }) => drainThem(drained),
    [AT_RATE]: ({ paced }) => pacedReplay(paced, records),
  })
  const contenders = {
    replay: reportOf(outcomes.replay, records),
    drain: reportOf(outcomes.drain, records),
    [AT_RATE]: reportOf(outcomes[AT_RATE], records),
  }
  const ratioToDrain = speedRatio(contenders.replay, contenders.drain)
  const rateError = Math.abs(contenders[AT_RATE].recordsPerSecond.median / RATE_PER_SECOND - 1)
  return {
    contenders,
    ratios: { ratioToDrain },
    bars: [atLeast('ratioToDrain', ratioToDrain, 0.8), atMost('rateError', Math.round(rateError * 1e4) / 1e4, 0.05)],
  }
}

function towlineReplay(records: number): Turn<WarmGround<SeededGround>, RoundOutcome> {
  return warmTurn(
    () => Contender.start<TowlineReplayJob, Measured>('towline-replay'),
    (towline, ground: SeededGround) => replayed(towline, ground, { place: ground.round.place, records }),
  )
}

async function pacedReplay(ground: SeededGround, records: number): Promise<RoundOutcome> {
  await using towline = Contender.start<TowlineReplayJob, Measured>('towline-replay')
  return await replayed(towline, ground, { place: ground.round.place, records, ratePerSecond: RATE_PER_SECOND })
}

async function replayed(
  towline: Contender<TowlineReplayJob, Measured>,
  ground: SeededGround,
  job: TowlineReplayJob,
): Promise<RoundOutcome> {
  const measured = await towline.run(job)
  const parents: (string | undefined)[] = []
  for await (const { headers } of ground.round.recordsIn(ground.round.topics.replay)) {
    parents.push(headerText(headers, HEADER.parent))
  }
  return { ...measured, delivery: ground.deliveryOf(parents) }
}

/** The same tasks, apart for each contender: a runner would also run what was replayed. */
class ReplayGround implements AsyncDisposable {
  readonly replayed: WarmGround<SeededGround>
  readonly drained: WarmGround<SeededGround>
  readonly paced: SeededGround

  constructor(replayed: WarmGround<SeededGround>, drained: WarmGround<SeededGround>, paced: SeededGround) {
    this.replayed = replayed
    this.drained = drained
    this.paced = paced
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.replayed[Symbol.asyncDispose]()
    await this.drained[Symbol.asyncDispose]()
    await this.paced[Symbol.asyncDispose]()
  }
}
