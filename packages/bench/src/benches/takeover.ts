import { setTimeout as sleep } from 'node:timers/promises'
import { groupIdOf } from '@towline/contracts'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { PlainTakeoverJob } from '../contenders/plain-takeover.ts'
import type { TakeoverTold } from '../contenders/takeover-messages.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { RoundGround } from '../ground/round-ground.ts'
import { alternate } from '../measure/alternate.ts'
import { atMost } from '../measure/bar.ts'
import { countDelivery } from '../measure/delivery.ts'
import { machineMs } from '../measure/machine-clock.ts'
import { rounded } from '../measure/summary.ts'
import { type TakeoverOutcome, takeoverReportOf } from '../measure/takeover-report.ts'
import { TakeoverWatch } from '../measure/takeover-watch.ts'
import { Contender } from '../process/contender.ts'
import { TowlineRun } from '../process/towline-run.ts'

export const takeover: Bench = {
  name: 'takeover',
  summary: 'SIGKILL of one of two runners with tasks in flight, until all of them run again',
  defaults: { records: 100, rounds: 3 },
  batchSizes: {},
  run: runTakeover,
}

const SUPERVISED_BOUND_MS = 1_500
const UNSUPERVISED_BOUND_MS = 10_000
const POLL_MS = 20
const NOTHING_SHARED: AsyncDisposable = { [Symbol.asyncDispose]: () => Promise.resolve() }

/** One of the two that consume; each is to hold half of the twelve partitions. */
interface Rival extends AsyncDisposable {
  /** Resolves when it has joined. */
  joined(): Promise<void>
  partitions(): Promise<readonly number[]>
  kill(): void
}

type Start = (name: string, watch: TakeoverWatch) => Rival

async function runTakeover(broker: BenchBroker, { records, rounds }: BenchOptions): Promise<BenchResult> {
  // Tasks that were taken over never end: each turn needs topics of its own.
  const onGround = (turn: (ground: RoundGround) => Promise<TakeoverOutcome>) => async () => {
    await using ground = await RoundGround.create(broker)
    return await turn(ground)
  }
  const towline = (isSupervised: boolean) =>
    onGround(async (ground) => {
      const { tasks } = ground.topics
      const start = towlineRivals(ground, records, isSupervised)
      return await takeOver(start, (partitions) => ground.publishTo(tasks, partitions, records))
    })
  const kafkajs = onGround(async (ground) => {
    const topic = await ground.plainTopic('tasks')
    const start = plainRivals({ brokers: broker.brokers, topic, groupId: `plain-${topic}` })
    return await takeOver(start, (partitions) => ground.publishTo(topic, partitions, records))
  })
  const turns = { towline: towline(true), towlineUnsupervised: towline(false), kafkajs }
  const outcomes = await alternate(rounds, () => Promise.resolve(NOTHING_SHARED), turns)
  const contenders = {
    towline: takeoverReportOf(outcomes.towline),
    towlineUnsupervised: takeoverReportOf(outcomes.towlineUnsupervised),
    kafkajs: takeoverReportOf(outcomes.kafkajs),
  }
  return {
    contenders,
    ratios: { takeover: rounded(contenders.kafkajs.ms.median / contenders.towline.ms.median) },
    bars: [
      atMost('takeoverMs', contenders.towline.ms.max, SUPERVISED_BOUND_MS),
      atMost('takeoverUnsupervisedMs', contenders.towlineUnsupervised.ms.max, UNSUPERVISED_BOUND_MS),
    ],
    notes: [
      'Bars hold for the slowest round. towlineUnsupervised is what the death of a supervisor, or of a machine, costs',
    ],
  }
}

/** @param publish Publishes to partitions and returns the ids of the tasks. */
async function takeOver(
  start: Start,
  publish: (partitions: readonly number[]) => Promise<readonly string[]>,
): Promise<TakeoverOutcome> {
  const [victimWatch, survivorWatch] = [new TakeoverWatch(), new TakeoverWatch()]
  await using victim = start('victim', victimWatch)
  await using survivor = start('survivor', survivorWatch)
  await Promise.all([victim.joined(), survivor.joined()])
  const [partitions] = await Promise.all([untilHalf(victim), untilHalf(survivor)])
  const taskIds = await publish(partitions)
  await victimWatch.until(() => victimWatch.started.length === taskIds.length)
  const killedAtMs = machineMs()
  victim.kill()
  await survivorWatch.until(() => new Set(survivorWatch.started).size === taskIds.length)
  return { ms: survivorWatch.lastStartMs - killedAtMs, delivery: countDelivery(taskIds, survivorWatch.started) }
}

async function untilHalf(rival: Rival): Promise<readonly number[]> {
  for (;;) {
    const partitions = await rival.partitions()
    if (partitions.length === 6) return partitions
    await sleep(POLL_MS)
  }
}

function towlineRivals({ place, fleet, topics }: RoundGround, inFlight: number, isSupervised: boolean): Start {
  return (clientId, watch) => {
    const run = new TowlineRun<TakeoverTold>({
      config: 'towline-takeover',
      place,
      clientId,
      env: { BENCH_IN_FLIGHT: String(inFlight) },
      isSupervised,
      onTold: (told) => watch.hear(told),
    })
    return {
      joined: () => run.ready(),
      partitions: async () => {
        const { state, members } = await (await fleet.admin()).describeGroup(groupIdOf(topics.tasks))
        const held = members.find((member) => member.clientId === clientId)?.assigned ?? []
        return state === 'Stable' ? held.map(({ partition }) => partition) : []
      },
      kill: () => run.killRunner(),
      [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
    }
  }
}

function plainRivals(job: PlainTakeoverJob): Start {
  return (_name, watch) => {
    const contender = Contender.start<PlainTakeoverJob, null, TakeoverTold>('plain-takeover', {
      onTold: (told) => watch.hear(told),
    })
    return {
      joined: async () => void (await contender.run(job)),
      partitions: () => Promise.resolve(watch.partitions),
      kill: () => void contender.kill(),
      [Symbol.asyncDispose]: () => contender[Symbol.asyncDispose](),
    }
  }
}
