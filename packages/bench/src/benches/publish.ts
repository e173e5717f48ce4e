import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { PlainPublishJob } from '../contenders/plain-publish.ts'
import type { TowlinePublishJob } from '../contenders/towline-publish.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { RoundGround } from '../ground/round-ground.ts'
import { alternate, type Turn } from '../measure/alternate.ts'
import { atLeast } from '../measure/bar.ts'
import { costRatio, type RoundOutcome, reportOf, speedRatio } from '../measure/contender-report.ts'
import type { Measured } from '../measure/stopwatch.ts'
import { WarmGround, warmTurn } from '../measure/warm-turn.ts'
import { Contender } from '../process/contender.ts'

export const publish: Bench = {
  name: 'publish',
  summary: 'tasks published to 12 partitions: Avro, acks=all',
  defaults: { records: 100_000, rounds: 5 },
  batchSizes: { 'towline: records of a send, at most': 500, 'kafkajs: records of a send': 500 },
  run: runPublish,
}

async function runPublish(broker: BenchBroker, { records, rounds }: BenchOptions): Promise<BenchResult> {
  const prepare = () => WarmGround.create(() => RoundGround.create(broker))
  const outcomes = await alternate(rounds, prepare, {
    towline: towlinePublish(records),
    kafkajs: plainPublish(records, 1),
    'kafkajs, 4 sends at once': plainPublish(records, 4),
  })
  const [ours, oneByOne, pipelined] = [
    reportOf(outcomes.towline, records),
    reportOf(outcomes.kafkajs, records),
    reportOf(outcomes['kafkajs, 4 sends at once'], records),
  ]
  const ratioToPlainProducer = speedRatio(ours, oneByOne)
  const ratioToPipelinedProducer = speedRatio(ours, pipelined)
  return {
    contenders: { towline: ours, kafkajs: oneByOne, 'kafkajs, 4 sends at once': pipelined },
    ratios: {
      ratioToPlainProducer,
      ratioToPipelinedProducer,
      cpuRatioToPlainProducer: costRatio(ours, oneByOne),
    },
    bars: [atLeast('ratioToFasterPlainProducer', Math.min(ratioToPlainProducer, ratioToPipelinedProducer), 1.5)],
  }
}

function towlinePublish(records: number): Turn<WarmGround<RoundGround>, RoundOutcome> {
  return warmTurn(
    () => Contender.start<TowlinePublishJob, Measured>('towline-publish'),
    async (towline, ground: RoundGround) => {
      const measured = await towline.run({ place: ground.place, records })
      return { ...measured, delivery: await ground.deliveryOfNumbers(ground.topics.tasks, records) }
    },
  )
}

function plainPublish(records: number, sendsAtOnce: number): Turn<WarmGround<RoundGround>, RoundOutcome> {
  return warmTurn(
    () => Contender.start<PlainPublishJob, Measured>('plain-publish'),
    async (plain, ground: RoundGround) => {
      const topic = await ground.plainTopic(`tasks-${sendsAtOnce}`)
      const ids = await ground.schemaIds()
      const measured = await plain.run({ brokers: ground.place.brokers, topic, records, ids, sendsAtOnce })
      return { ...measured, delivery: await ground.deliveryOfNumbers(topic, records) }
    },
  )
}
