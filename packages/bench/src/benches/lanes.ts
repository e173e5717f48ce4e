import { groupIdOf } from '@towline/contracts'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { LanesResult, PlainLanesJob } from '../contenders/plain-lanes.ts'
import type { TowlineLanesJob } from '../contenders/towline-lanes.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { benchTask } from '../ground/bench-task.ts'
import { SeededGround } from '../ground/seeded-ground.ts'
import { alternate, type Turn } from '../measure/alternate.ts'
import { type ContenderReport, type RoundOutcome, reportOf, speedRatio } from '../measure/contender-report.ts'
import { WarmGround, warmTurn } from '../measure/warm-turn.ts'
import { Contender } from '../process/contender.ts'

const KEYS = 1_000
const IN_FLIGHT = 100
/** Tasks work 0 to 5 ms, so many of each. */
const LONGEST_WORK_MS = 5

type Order = 'by key' | 'unordered'

export const lanes: Bench = {
  name: 'lanes',
  summary: 'tasks of 0 to 5 ms on one partition, 100 in flight: by 1,000 keys, and unordered',
  defaults: { records: 10_000, rounds: 5 },
  run: runLanes,
}

async function runLanes(broker: BenchBroker, { records, rounds }: BenchOptions): Promise<BenchResult> {
  const contenders: Record<string, ContenderReport> = {}
  const ratios: Record<string, number> = {}
  for (const order of ['by key', 'unordered'] as const) {
    const prepare = () => WarmGround.create(() => seeded(broker, records))
    const outcomes = await alternate(rounds, prepare, {
      towline: towlineLanes(records, order),
      kafkajs: plainLanes(order),
    })
    const [ours, theirs] = [reportOf(outcomes.towline, records), reportOf(outcomes.kafkajs, records)]
    Object.assign(contenders, { [`towline, ${order}`]: ours, [`kafkajs, ${order}`]: theirs })
    ratios[order] = speedRatio(ours, theirs)
  }
  return { contenders, ratios }
}

function towlineLanes(records: number, order: Order): Turn<WarmGround<SeededGround>, RoundOutcome> {
  const ordering = order === 'by key' ? 'key' : 'none'
  return warmTurn(
    () => Contender.start<TowlineLanesJob, LanesResult>('towline-lanes'),
    async (towline, ground: SeededGround) => {
      const { place, topics } = ground.round
      const result = await towline.run({ place, records, inFlight: IN_FLIGHT, ordering })
      return await ground.outcome(inOrder(result, order), topics.results, groupIdOf(topics.tasks))
    },
  )
}

function plainLanes(order: Order): Turn<WarmGround<SeededGround>, RoundOutcome> {
  return warmTurn(
    () => Contender.start<PlainLanesJob, LanesResult>('plain-lanes'),
    async (plain, ground: SeededGround) => {
      const job = await ground.plainJob()
      const result = await plain.run({ ...job, inFlight: IN_FLIGHT, byKey: order === 'by key' })
      return await ground.outcome(inOrder(result, order), job.resultsTopic, job.groupId)
    },
  )
}

function seeded(broker: BenchBroker, records: number): Promise<SeededGround> {
  const items = Array.from({ length: records }, (_, n) => ({
    input: benchTask(n, { workMs: n % (LONGEST_WORK_MS + 1) }),
    key: `key-${n % KEYS}`,
  }))
  return SeededGround.create(broker, items, { taskPartitions: 1 })
}

/** Speed that breaks the order of a key is no result. */
function inOrder(result: LanesResult, order: Order): LanesResult {
  if (order === 'by key' && result.keyOrderBroken > 0)
    throw new Error(`${result.keyOrderBroken} tasks broke the order of their key`)
  return result
}
