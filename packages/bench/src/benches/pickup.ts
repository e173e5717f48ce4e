import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { PlainPickupJob } from '../contenders/plain-pickup.ts'
import type { TowlinePickupJob } from '../contenders/towline-pickup.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { RoundGround } from '../ground/round-ground.ts'
import { alternate } from '../measure/alternate.ts'
import { atMost, type Bar } from '../measure/bar.ts'
import { type Latencies, type LatencyOutcome, type LatencyReport, latencyReportOf } from '../measure/latency-report.ts'
import { rounded } from '../measure/summary.ts'
import { Contender } from '../process/contender.ts'

const RATES_PER_SECOND = [50, 200, 1_000, 2_000]
/** The rate whose tasks `records` counts, and that bars are for. Every rate lasts as long. */
const BARRED_RATE_PER_SECOND = 1_000

export const pickup: Bench = pickupAt(RATES_PER_SECOND)

/** @param rates Tasks per second, among them 1,000, the one that bars are for. */
export function pickupAt(rates: readonly number[]): Bench {
  return {
    name: 'pickup',
    summary: 'from the moment a task is due to be published to the start of its handler, at a fixed rate',
    // Ten seconds at each rate.
    defaults: { records: 10_000, rounds: 3 },
    batchSizes: { 'records of a publish': 1 },
    run: (broker, options) => runPickup(broker, options, rates),
  }
}

interface Load {
  readonly ratePerSecond: number
  readonly count: number
  readonly unmeasured: number
}

async function runPickup(
  broker: BenchBroker,
  { records, rounds }: BenchOptions,
  rates: readonly number[],
): Promise<BenchResult> {
  const contenders: Record<string, LatencyReport> = {}
  const ratios: Record<string, number> = {}
  const bars: Bar[] = []
  for (const ratePerSecond of rates) {
    const count = Math.ceil((records * ratePerSecond) / BARRED_RATE_PER_SECOND)
    // The first fifth warms the processes up.
    const load = { ratePerSecond, count, unmeasured: Math.floor(count / 5) }
    const outcomes = await alternate(rounds, () => RoundGround.create(broker), {
      towline: (ground) => towlinePickup(ground, load),
      kafkajs: (ground) => plainPickup(ground, load),
    })
    const towline = latencyReportOf(outcomes.towline, count)
    const kafkajs = latencyReportOf(outcomes.kafkajs, count)
    Object.assign(contenders, { [`towline, ${ratePerSecond}/s`]: towline, [`kafkajs, ${ratePerSecond}/s`]: kafkajs })
    const timesOf = (figure: 'p50Ms' | 'p99Ms'): number => rounded(towline[figure].median / kafkajs[figure].median)
    const inverse = (value: number): number => rounded(1 / value)
    ratios[`p50 at ${ratePerSecond}/s`] = inverse(timesOf('p50Ms'))
    ratios[`p99 at ${ratePerSecond}/s`] = inverse(timesOf('p99Ms'))
    if (ratePerSecond !== BARRED_RATE_PER_SECOND) continue
    bars.push(atMost('p50TimesThatOfPlainPipe', timesOf('p50Ms'), 1.5))
    bars.push(atMost('p99TimesThatOfPlainPipe', timesOf('p99Ms'), 2))
  }
  return { contenders, ratios, bars }
}

async function towlinePickup(ground: RoundGround, load: Load): Promise<LatencyOutcome> {
  await using towline = Contender.start<TowlinePickupJob, Latencies>('towline-pickup')
  const found = await towline.run({ place: ground.place, ...load })
  return { ...complete(found, load), delivery: await ground.deliveryOfNumbers(ground.topics.tasks, load.count) }
}

async function plainPickup(ground: RoundGround, load: Load): Promise<LatencyOutcome> {
  await using plain = Contender.start<PlainPickupJob, Latencies>('plain-pickup')
  const topic = await ground.plainTopic('tasks')
  const ids = await ground.schemaIds()
  const found = await plain.run({ brokers: ground.place.brokers, topic, groupId: `plain-${topic}`, ids, ...load })
  return { ...complete(found, load), delivery: await ground.deliveryOfNumbers(topic, load.count) }
}

/** A task that never started, or started twice, would spoil every percentile. */
function complete(found: Latencies, { count, unmeasured }: Load): Latencies {
  const started = found.latencies.length
  if (started !== count - unmeasured)
    throw new Error(`${started} of ${count - unmeasured} tasks that count were started`)
  return found
}
