import { groupIdOf } from '@towline/contracts'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { BullDrainJob } from '../contenders/bullmq-drain.ts'
import type { TowlineDrainJob } from '../contenders/towline-drain.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { benchTasks } from '../ground/bench-task.ts'
import { BullQueue } from '../ground/bull-queue.ts'
import { startRedis } from '../ground/redis-server.ts'
import { type PlainJob, SeededGround } from '../ground/seeded-ground.ts'
import { alternate, type Turn } from '../measure/alternate.ts'
import { atLeast, type Bar } from '../measure/bar.ts'
import { costRatio, type RoundOutcome, reportOf, speedRatio } from '../measure/contender-report.ts'
import type { Measured } from '../measure/stopwatch.ts'
import { WarmGround, warmTurn } from '../measure/warm-turn.ts'
import { Contender } from '../process/contender.ts'

const BULLMQ_CONCURRENCY = 100

export const drain: Bench = {
  name: 'drain',
  summary: 'no-op tasks of 12 partitions through one process: decoded, results written and acknowledged',
  defaults: { records: 100_000, rounds: 5 },
  batchSizes: {
    'towline: records of a send, at most': 500,
    'kafkajs: records of a send': 500,
    'kafkajs: partitions at once': 12,
    'bullmq: jobs at once': BULLMQ_CONCURRENCY,
  },
  run: runDrain,
}

type DrainTurn = Turn<WarmGround<SeededGround>, RoundOutcome>

async function runDrain(broker: BenchBroker, { records, rounds }: BenchOptions): Promise<BenchResult> {
  await using redis = await startRedis()
  const turns: Record<string, DrainTurn> = { towline: towlineDrain(records), kafkajs: plainDrain() }
  if (redis !== null) turns['bullmq'] = bullmqDrain(redis.port, records)
  const items = benchTasks(records)
  const outcomes = await alternate(rounds, () => WarmGround.create(() => SeededGround.create(broker, items)), turns)
  const [towline, kafkajs] = [
    reportOf(outcomes['towline'] ?? [], records),
    reportOf(outcomes['kafkajs'] ?? [], records),
  ]
  const ratioToPlainLoop = speedRatio(towline, kafkajs)
  const ratios = { ratioToPlainLoop, cpuRatioToPlainLoop: costRatio(towline, kafkajs) }
  const bars: readonly Bar[] = [atLeast('ratioToPlainLoop', ratioToPlainLoop, 1)]
  if (redis === null) {
    const notes = ['BullMQ is left out: PATH has no redis-server (Debian: apt-get install redis-server)']
    return { contenders: { towline, kafkajs }, ratios, bars, notes }
  }
  const bullmq = reportOf(outcomes['bullmq'] ?? [], records)
  const ratioToBullmq = speedRatio(towline, bullmq)
  return {
    contenders: { towline, kafkajs, bullmq },
    ratios: { ...ratios, ratioToBullmq },
    bars: [...bars, atLeast('ratioToBullmq', ratioToBullmq, 3)],
    notes: [`redis-server ${redis.version}, nothing written to disk; its own processor time is not counted`],
  }
}

export function towlineDrain(records: number): DrainTurn {
  return warmTurn(
    () => Contender.start<TowlineDrainJob, Measured>('towline-drain'),
    async (towline, ground: SeededGround) => {
      const { place, topics } = ground.round
      return await ground.outcome(await towline.run({ place, records }), topics.results, groupIdOf(topics.tasks))
    },
  )
}

function plainDrain(): DrainTurn {
  return warmTurn(
    () => Contender.start<PlainJob, Measured>('plain-drain'),
    async (plain, ground: SeededGround) => {
      const job = await ground.plainJob()
      return await ground.outcome(await plain.run(job), job.resultsTopic, job.groupId)
    },
  )
}

/** On queues of its own: it has no use for what stands in Kafka. */
function bullmqDrain(port: number, records: number): Turn<unknown, RoundOutcome> {
  const play = warmTurn(
    () => Contender.start<BullDrainJob, Measured>('bullmq-drain'),
    async (bullmq, queue: BullQueue) => {
      const job = { port, queue: queue.name, records, concurrency: BULLMQ_CONCURRENCY }
      return { ...(await bullmq.run(job)), delivery: await queue.delivery() }
    },
  )
  return async () => {
    await using queues = await WarmGround.create(() => BullQueue.create(port, records))
    return await play(queues)
  }
}
