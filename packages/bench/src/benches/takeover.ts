import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { PlainTakeoverJob } from '../contenders/plain-takeover.ts'
import type { TakeoverTold } from '../contenders/takeover-messages.ts'
import type { TowlineTakeoverJob } from '../contenders/towline-takeover.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { RoundGround } from '../ground/round-ground.ts'
import { alternate } from '../measure/alternate.ts'
import { countDelivery } from '../measure/delivery.ts'
import { machineMs } from '../measure/machine-clock.ts'
import { rounded } from '../measure/summary.ts'
import { type TakeoverOutcome, takeoverReportOf } from '../measure/takeover-report.ts'
import { TakeoverWatch } from '../measure/takeover-watch.ts'
import { Contender } from '../process/contender.ts'

export const takeover: Bench = {
  name: 'takeover',
  summary: 'SIGKILL of one of two processes with tasks in flight, until all of them run in the other',
  defaults: { records: 100, rounds: 3 },
  run: runTakeover,
}

async function runTakeover(broker: BenchBroker, { records, rounds }: BenchOptions): Promise<BenchResult> {
  const outcomes = await alternate(rounds, () => RoundGround.create(broker), {
    towline: (ground) => {
      const job: TowlineTakeoverJob = { place: ground.place, inFlight: records }
      return takeOver('towline-takeover', job, (partitions) =>
        ground.publishTo(ground.topics.tasks, partitions, records),
      )
    },
    kafkajs: async (ground) => {
      const topic = await ground.plainTopic('tasks')
      const job: PlainTakeoverJob = { brokers: broker.brokers, topic, groupId: `plain-${topic}` }
      return await takeOver('plain-takeover', job, (partitions) => ground.publishTo(topic, partitions, records))
    },
  })
  const contenders = { towline: takeoverReportOf(outcomes.towline), kafkajs: takeoverReportOf(outcomes.kafkajs) }
  return { contenders, ratios: { takeover: rounded(contenders.kafkajs.ms.median / contenders.towline.ms.median) } }
}

/** @param publish Publishes to partitions and returns the ids of the tasks. */
async function takeOver(
  name: string,
  job: TowlineTakeoverJob | PlainTakeoverJob,
  publish: (partitions: readonly number[]) => Promise<readonly string[]>,
): Promise<TakeoverOutcome> {
  const [victimWatch, survivorWatch] = [new TakeoverWatch(), new TakeoverWatch()]
  const start = (watch: TakeoverWatch): Contender<typeof job, null, TakeoverTold> =>
    Contender.start<typeof job, null, TakeoverTold>(name, { onTold: (told) => watch.hear(told) })
  await using victim = start(victimWatch)
  await using survivor = start(survivorWatch)
  await Promise.all([victim.run(job), survivor.run(job)])
  await victimWatch.until(() => isHalf(victimWatch))
  await survivorWatch.until(() => isHalf(survivorWatch))
  const taskIds = await publish(victimWatch.partitions)
  await victimWatch.until(() => victimWatch.started.length === taskIds.length)
  const killedAtMs = machineMs()
  await victim.kill()
  await survivorWatch.until(() => new Set(survivorWatch.started).size === taskIds.length)
  return { ms: survivorWatch.lastStartMs - killedAtMs, delivery: countDelivery(taskIds, survivorWatch.started) }
}

function isHalf({ partitions }: TakeoverWatch): boolean {
  return partitions.length === 6
}
