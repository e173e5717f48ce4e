import type { MemoryTold } from '../contenders/towline-memory.ts'
import { addDeliveries, type Delivery } from './delivery.ts'
import { medianSlope } from './slope.ts'
import { type Summary, summarise } from './summary.ts'

/** What a runner's memory did in one round. */
export interface MemoryOutcome {
  readonly samples: readonly MemoryTold[]
  readonly cpuMs: number
  readonly ended: number
  readonly delivery: Delivery
}

export interface MemoryReport {
  /** Growth of what major collections leave. */
  readonly liveHeapMibPerMinute: Summary
  readonly liveHeapMib: Summary
  readonly heapMaxMib: Summary
  readonly rssMibPerMinute: Summary
  readonly rssMaxMib: Summary
  /** Tasks run before the slopes begin. */
  readonly endedBeforeSlopes: Summary
  /** Tasks run in all. */
  readonly ended: Summary
  readonly cpuMicrosPerRecord: Summary
  readonly delivery: Delivery
  /** Of each round, at most 60, evenly apart. */
  readonly samples: readonly (readonly MemoryTold[])[]
}

const MOST_SAMPLES_SHOWN = 60
const MIB = 1024 * 1024
const MINUTE_MS = 60_000
/** Code is compiled, and what a runner remembers up to a bound fills: the maxima count it, the slopes do not. */
const SETTLING_SHARE = 1 / 2

type Figure = 'heapUsedBytes' | 'liveHeapBytes' | 'rssBytes'

export function memoryReportOf(outcomes: readonly MemoryOutcome[]): MemoryReport {
  const over = (figureOf: (outcome: MemoryOutcome) => number): Summary => summarise(outcomes.map(figureOf))
  return {
    liveHeapMibPerMinute: over(({ samples }) => slopeOf(samples, 'liveHeapBytes')),
    liveHeapMib: over(({ samples }) => (samples.at(-1)?.liveHeapBytes ?? Number.NaN) / MIB),
    heapMaxMib: over(({ samples }) => maximumOf(samples, 'heapUsedBytes')),
    rssMibPerMinute: over(({ samples }) => slopeOf(samples, 'rssBytes')),
    rssMaxMib: over(({ samples }) => maximumOf(samples, 'rssBytes')),
    endedBeforeSlopes: over(({ samples }) => settledOf(samples)[0]?.ended ?? 0),
    ended: over(({ ended }) => ended),
    cpuMicrosPerRecord: over(({ cpuMs, ended }) => (cpuMs * 1_000) / ended),
    delivery: addDeliveries(outcomes.map(({ delivery }) => delivery)),
    samples: outcomes.map(({ samples }) => thinned(samples)),
  }
}

function slopeOf(samples: readonly MemoryTold[], figure: Figure): number {
  return medianSlope(settledOf(samples).map((sample) => ({ x: sample.atMs / MINUTE_MS, y: sample[figure] / MIB })))
}

function settledOf(samples: readonly MemoryTold[]): readonly MemoryTold[] {
  return samples.slice(Math.floor(samples.length * SETTLING_SHARE))
}

function maximumOf(samples: readonly MemoryTold[], figure: Figure): number {
  return Math.max(...samples.map((sample) => sample[figure])) / MIB
}

function thinned(samples: readonly MemoryTold[]): readonly MemoryTold[] {
  const every = Math.ceil(samples.length / MOST_SAMPLES_SHOWN)
  return samples.filter((_, index) => index % every === 0)
}
