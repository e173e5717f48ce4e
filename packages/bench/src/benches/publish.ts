import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { PlainPublishJob } from '../contenders/plain-publish.ts'
import type { TowlinePublishJob } from '../contenders/towline-publish.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { RoundGround } from '../ground/round-ground.ts'
import { alternate } from '../measure/alternate.ts'
import { type RoundOutcome, reportOf, speedRatio } from '../measure/contender-report.ts'
import type { Measured } from '../measure/stopwatch.ts'
import { Contender } from '../process/contender.ts'

export const publish: Bench = {
  name: 'publish',
  summary: 'tasks published to 12 partitions: Avro, acks=all',
  defaults: { records: 100_000, rounds: 5 },
  run: runPublish,
}

async function runPublish(broker: BenchBroker, { records, rounds }: BenchOptions): Promise<BenchResult> {
  await using towline = Contender.start<TowlinePublishJob, Measured>('towline-publish')
  await using plain = Contender.start<PlainPublishJob, Measured>('plain-publish')
  const plainTurn =
    (sendsAtOnce: number) =>
    async (ground: RoundGround): Promise<RoundOutcome> => {
      const topic = await ground.plainTopic(`tasks-${sendsAtOnce}`)
      const ids = await ground.schemaIds()
      const measured = await plain.run({ brokers: broker.brokers, topic, records, ids, sendsAtOnce })
      return { ...measured, delivery: await ground.deliveryOfNumbers(topic, records) }
    }
  const outcomes = await alternate({ rounds, warmUps: 1 }, () => RoundGround.create(broker), {
    towline: async (ground): Promise<RoundOutcome> => {
      const measured = await towline.run({ place: ground.place, records })
      return { ...measured, delivery: await ground.deliveryOfNumbers(ground.topics.tasks, records) }
    },
    kafkajs: plainTurn(1),
    'kafkajs, 4 sends at once': plainTurn(4),
  })
  const [ours, oneByOne, pipelined] = [
    reportOf(outcomes.towline, records),
    reportOf(outcomes.kafkajs, records),
    reportOf(outcomes['kafkajs, 4 sends at once'], records),
  ]
  return {
    contenders: { towline: ours, kafkajs: oneByOne, 'kafkajs, 4 sends at once': pipelined },
    ratios: { publish: speedRatio(ours, oneByOne), 'publish, 4 sends at once': speedRatio(ours, pipelined) },
  }
}
