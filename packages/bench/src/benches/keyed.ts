import { groupIdOf, type Ordering } from '@towline/contracts'
import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { KeyedResult, PlainKeyedJob } from '../contenders/plain-keyed.ts'
import type { TimersJob } from '../contenders/timers.ts'
import type { TowlineKeyedJob } from '../contenders/towline-keyed.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { benchTask, workMs } from '../ground/bench-task.ts'
import { SeededGround } from '../ground/seeded-ground.ts'
import { alternate, type Turn } from '../measure/alternate.ts'
import { atMost, type Bar } from '../measure/bar.ts'
import { type ContenderReport, type RoundOutcome, reportOf, speedRatio } from '../measure/contender-report.ts'
import { countDelivery } from '../measure/delivery.ts'
import type { Measured } from '../measure/stopwatch.ts'
import { WarmGround, warmTurn } from '../measure/warm-turn.ts'
import { Contender } from '../process/contender.ts'

/** What is no contender: it delivers nothing. */
export const TIMERS_ALONE = 'timers alone, unordered'
const IN_FLIGHT = 100
/** Tasks work 0 to 5 ms, so many of each. */
const LONGEST_WORK_MS = 5

/** In which order tasks of the one partition may run, by its name in the report. */
export interface KeyedOrder {
  readonly name: string
  readonly ordering: Ordering
  readonly keys: number
  /** The most a round may take, in seconds. */
  readonly boundSeconds?: number
  /** A hand-written loop on kafkajs runs the same. */
  readonly hasPlainLoop?: boolean
}

export const KEYED_ORDERS: readonly KeyedOrder[] = [
  { name: 'by partition', ordering: 'partition', keys: 1_000, hasPlainLoop: true },
  byKeys(1),
  byKeys(10),
  byKeys(100),
  { ...byKeys(1_000), boundSeconds: 0.5, hasPlainLoop: true },
  byKeys(10_000),
  { name: 'unordered', ordering: 'none', keys: 1_000, boundSeconds: 0.5, hasPlainLoop: true },
]

export const keyed: Bench = keyedBy(KEYED_ORDERS)

export function keyedBy(orders: readonly KeyedOrder[]): Bench {
  return {
    name: 'keyed',
    summary: `tasks of 0 to ${LONGEST_WORK_MS} ms on one partition, ${IN_FLIGHT} in flight, by order`,
    defaults: { records: 10_000, rounds: 3 },
    batchSizes: { 'tasks in flight': IN_FLIGHT, 'kafkajs: records of a send': 500 },
    run: (broker, options) => runKeyed(broker, options, orders),
  }
}

type KeyedGround = WarmGround<SeededGround>

async function runKeyed(
  broker: BenchBroker,
  { records, rounds }: BenchOptions,
  orders: readonly KeyedOrder[],
): Promise<BenchResult> {
  const timers = await timersAlone({ records, inFlight: IN_FLIGHT, longestMs: LONGEST_WORK_MS }, rounds)
  const contenders: Record<string, ContenderReport> = { [TIMERS_ALONE]: timers }
  const ratios: Record<string, number> = {}
  const bars: Bar[] = []
  for (const order of orders) {
    const prepare = () => keyedGround(broker, records, order)
    const turns: Record<string, Turn<KeyedGround, RoundOutcome>> = { towline: towlineKeyed(order) }
    if (order.hasPlainLoop === true) turns['kafkajs'] = plainKeyed(order)
    const outcomes = await alternate(rounds, prepare, turns)
    const towline = reportOf(outcomes['towline'] ?? [], records)
    contenders[`towline, ${order.name}`] = towline
    if (outcomes['kafkajs'] !== undefined) {
      const kafkajs = reportOf(outcomes['kafkajs'], records)
      contenders[`kafkajs, ${order.name}`] = kafkajs
      ratios[order.name] = speedRatio(towline, kafkajs)
    }
    if (order.boundSeconds !== undefined) {
      bars.push(atMost(`seconds, ${order.name}`, towline.ms.median / 1_000, order.boundSeconds))
    }
  }
  const notes = [
    `the timers of the tasks alone, ${IN_FLIGHT} at once and nothing else, take ${timers.ms.median} ms: no order can be faster`,
  ]
  return { contenders, ratios, bars, notes }
}

function byKeys(keys: number): KeyedOrder {
  return { name: keys === 1 ? 'by 1 key' : `by ${keys} keys`, ordering: 'key', keys }
}

/** No Kafka and no Towline: the same timers, as many at once. */
async function timersAlone(job: TimersJob, rounds: number): Promise<ContenderReport> {
  const outcomes: RoundOutcome[] = []
  for (let round = 0; round < rounds; round += 1) {
    await using timers = Contender.start<TimersJob, Measured>('timers')
    outcomes.push({ ...(await timers.run(job)), delivery: countDelivery([], []) })
  }
  return reportOf(outcomes, job.records)
}

function towlineKeyed(order: KeyedOrder): Turn<KeyedGround, RoundOutcome> {
  return warmTurn(
    () => Contender.start<TowlineKeyedJob, KeyedResult>('towline-keyed'),
    async (towline, ground: SeededGround) => {
      const { records } = ground
      const { place, topics } = ground.round
      const result = await towline.run({ place, records, inFlight: IN_FLIGHT, ordering: order.ordering })
      return await ground.outcome(inOrder(result, order), topics.results, groupIdOf(topics.tasks))
    },
  )
}

function plainKeyed(order: KeyedOrder): Turn<KeyedGround, RoundOutcome> {
  return warmTurn(
    () => Contender.start<PlainKeyedJob, KeyedResult>('plain-keyed'),
    async (plain, ground: SeededGround) => {
      const job = await ground.plainJob()
      const result = await plain.run({ ...job, inFlight: IN_FLIGHT, ordering: order.ordering })
      return await ground.outcome(inOrder(result, order), job.resultsTopic, job.groupId)
    },
  )
}

/** As many tasks warm up as take as long in every order. */
function keyedGround(broker: BenchBroker, records: number, order: KeyedOrder): Promise<KeyedGround> {
  const warmUp = Math.ceil((records * atOnce(order)) / IN_FLIGHT)
  return WarmGround.create(
    () => seeded(broker, records, order),
    () => seeded(broker, warmUp, order),
  )
}

function atOnce({ ordering, keys }: KeyedOrder): number {
  switch (ordering) {
    case 'partition':
      return 1
    case 'key':
      return Math.min(keys, IN_FLIGHT)
    case 'none':
      return IN_FLIGHT
  }
}

function seeded(broker: BenchBroker, records: number, { keys }: KeyedOrder): Promise<SeededGround> {
  const tasks = Array.from({ length: records }, (_, n) => ({
    input: benchTask(n, { workMs: workMs(n, LONGEST_WORK_MS) }),
    key: `key-${n % keys}`,
  }))
  return SeededGround.create(broker, tasks, { taskPartitions: 1 })
}

/** Speed that breaks the order that was asked for is no result. */
function inOrder(result: KeyedResult, { name, ordering }: KeyedOrder): KeyedResult {
  if (ordering !== 'none' && result.keyOrderBroken > 0)
    throw new Error(`${name}: ${result.keyOrderBroken} tasks broke the order of their key`)
  return result
}
