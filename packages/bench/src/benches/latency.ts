import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { PlainLatencyJob } from '../contenders/plain-latency.ts'
import type { TowlineLatencyJob } from '../contenders/towline-latency.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { RoundGround } from '../ground/round-ground.ts'
import { alternate } from '../measure/alternate.ts'
import { type LatencyOutcome, latencyReportOf } from '../measure/latency-report.ts'
import { rounded } from '../measure/summary.ts'
import { Contender } from '../process/contender.ts'

const RATE_PER_SECOND = 1_000

export const latency: Bench = {
  name: 'latency',
  summary: 'from the moment a task is due to be published to the start of its handler, at 1,000 a second',
  defaults: { records: 10_000, rounds: 5 },
  run: runLatency,
}

async function runLatency(broker: BenchBroker, { records, rounds }: BenchOptions): Promise<BenchResult> {
  // The first fifth warms the processes up.
  const load = { ratePerSecond: RATE_PER_SECOND, count: records, unmeasured: Math.floor(records / 5) }
  const outcomes = await alternate(rounds, () => RoundGround.create(broker), {
    towline: async (ground): Promise<LatencyOutcome> => {
      await using towline = Contender.start<TowlineLatencyJob, number[]>('towline-latency')
      const latencies = await towline.run({ place: ground.place, ...load })
      return { latencies, delivery: await ground.deliveryOfNumbers(ground.topics.tasks, records) }
    },
    kafkajs: async (ground): Promise<LatencyOutcome> => {
      await using plain = Contender.start<PlainLatencyJob, number[]>('plain-latency')
      const topic = await ground.plainTopic('tasks')
      const ids = await ground.schemaIds()
      const latencies = await plain.run({ brokers: broker.brokers, topic, groupId: `plain-${topic}`, ids, ...load })
      return { latencies, delivery: await ground.deliveryOfNumbers(topic, records) }
    },
  })
  const contenders = { towline: latencyReportOf(outcomes.towline), kafkajs: latencyReportOf(outcomes.kafkajs) }
  const ratio = (of: 'p50Ms' | 'p99Ms'): number =>
    rounded(contenders.kafkajs[of].median / contenders.towline[of].median)
  return { contenders, ratios: { p50: ratio('p50Ms'), p99: ratio('p99Ms') } }
}
