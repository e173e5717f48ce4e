import { groupIdOf } from '@towline/contracts'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { TowlineDrainJob } from '../contenders/towline-drain.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { benchTask } from '../ground/bench-task.ts'
import { type PlainJob, SeededGround } from '../ground/seeded-ground.ts'
import { alternate, type Turn } from '../measure/alternate.ts'
import { type RoundOutcome, reportOf, speedRatio } from '../measure/contender-report.ts'
import type { Measured } from '../measure/stopwatch.ts'
import { WarmGround, warmTurn } from '../measure/warm-turn.ts'
import { Contender } from '../process/contender.ts'

export const drain: Bench = {
  name: 'drain',
  summary: 'no-op tasks of 12 partitions through one process: Avro decoded, results written with acks=all',
  defaults: { records: 100_000, rounds: 5 },
  run: runDrain,
}

async function runDrain(broker: BenchBroker, { records, rounds }: BenchOptions): Promise<BenchResult> {
  const items = Array.from({ length: records }, (_, n) => ({ input: benchTask(n) }))
  const prepare = () => WarmGround.create(() => SeededGround.create(broker, items))
  const outcomes = await alternate(rounds, prepare, { towline: towlineDrain(records), kafkajs: plainDrain() })
  const contenders = { towline: reportOf(outcomes.towline, records), kafkajs: reportOf(outcomes.kafkajs, records) }
  return { contenders, ratios: { drain: speedRatio(contenders.towline, contenders.kafkajs) } }
}

export function towlineDrain(records: number): Turn<WarmGround<SeededGround>, RoundOutcome> {
  return warmTurn(
    () => Contender.start<TowlineDrainJob, Measured>('towline-drain'),
    async (towline, ground: SeededGround) => {
      const { place, topics } = ground.round
      return await ground.outcome(await towline.run({ place, records }), topics.results, groupIdOf(topics.tasks))
    },
  )
}

function plainDrain(): Turn<WarmGround<SeededGround>, RoundOutcome> {
  return warmTurn(
    () => Contender.start<PlainJob, Measured>('plain-drain'),
    async (plain, ground: SeededGround) => {
      const job = await ground.plainJob()
      return await ground.outcome(await plain.run(job), job.resultsTopic, job.groupId)
    },
  )
}
