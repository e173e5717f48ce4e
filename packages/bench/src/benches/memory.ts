import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import type { MemoryResult, MemoryTold, TowlineMemoryJob } from '../contenders/towline-memory.ts'
import type { BenchBroker } from '../ground/bench-broker.ts'
import { benchTask, type SeedTask } from '../ground/bench-task.ts'
import { SeededGround } from '../ground/seeded-ground.ts'
import { alternate } from '../measure/alternate.ts'
import { atMost } from '../measure/bar.ts'
import { type MemoryOutcome, memoryReportOf } from '../measure/memory-report.ts'
import { Contender } from '../process/contender.ts'

const HEAP_MIB = 256
const IN_FLIGHT = 100
const MINUTE_MS = 60_000
/** With the other fields a task of 1 KB. */
const TEXT = 'x'.repeat(1_000)
/** The backlog outlasts the bench by this much. */
const BACKLOG_MARGIN = 1.2
const HANGING_TASK = 0

/** A runner remembers 10,000 finishes per partition; tasks come from all partitions, but not evenly. */
const TASKS_UNTIL_FULL = 300_000

const MOST_LIVE_HEAP_MIB_PER_MINUTE = 2
const MOST_RSS_MIB_PER_MINUTE = 4
const MOST_RSS_MIB = 400

const NOT_SETTLED = `fewer than ${TASKS_UNTIL_FULL} tasks ran before: what a runner remembers may still have been filling, so the slopes are too steep`

export const memory: Bench = {
  name: 'memory',
  summary: `tasks of 1 KB waiting, a task that hangs at the head of one of 12 partitions, --max-old-space-size=${HEAP_MIB}`,
  defaults: { records: 1_000_000, rounds: 1, minutes: 3 },
  batchSizes: { 'tasks at work': IN_FLIGHT },
  run: runMemory,
}

async function runMemory(broker: BenchBroker, options: BenchOptions): Promise<BenchResult> {
  const { records, rounds, minutes = 3 } = options
  const durationMs = minutes * MINUTE_MS
  const workMs = Math.ceil((BACKLOG_MARGIN * durationMs * IN_FLIGHT) / records)
  const { towline: outcomes } = await alternate(rounds, () => SeededGround.create(broker, tasks(records, workMs)), {
    towline: (ground) => remember(ground, durationMs),
  })
  const towline = memoryReportOf(outcomes)
  return {
    contenders: { towline },
    ratios: {},
    bars: [
      atMost('liveHeapMibPerMinute', towline.liveHeapMibPerMinute.median, MOST_LIVE_HEAP_MIB_PER_MINUTE),
      atMost('rssMibPerMinute', towline.rssMibPerMinute.median, MOST_RSS_MIB_PER_MINUTE),
      atMost('heapMaxMib', towline.heapMaxMib.max, HEAP_MIB),
      atMost('rssMaxMib', towline.rssMaxMib.max, MOST_RSS_MIB),
    ],
    notes: [
      `every task works ${workMs} ms, so that the backlog outlasts the ${minutes} minutes; slopes are those of the second half`,
      ...(towline.endedBeforeSlopes.min < TASKS_UNTIL_FULL ? [NOT_SETTLED] : []),
    ],
  }
}

async function remember(ground: SeededGround, durationMs: number): Promise<MemoryOutcome> {
  const samples: MemoryTold[] = []
  await using towline = Contender.start<TowlineMemoryJob, MemoryResult, MemoryTold>('towline-memory', {
    onTold: (sample) => samples.push(sample),
    nodeArguments: [`--max-old-space-size=${HEAP_MIB}`],
    roundTimeoutMs: durationMs + 2 * MINUTE_MS,
  })
  const { place, topics } = ground.round
  const { cpuMs, ended } = await towline.run({ place, durationMs, inFlight: IN_FLIGHT, hangs: HANGING_TASK })
  if (ended >= ground.records) throw new Error(`all ${ended} tasks ended in ${durationMs} ms: nothing waited`)
  const { lost: waiting, ...delivery } = ground.deliveryOf(await ground.round.idsIn(topics.results))
  const lost = waiting - (ground.records - ended)
  return { samples, cpuMs, ended, delivery: { ...delivery, expected: ended, lost } }
}

function* tasks(records: number, workMs: number): Generator<SeedTask> {
  for (let n = 0; n < records; n += 1) yield { input: benchTask(n, { workMs, text: TEXT }) }
}
