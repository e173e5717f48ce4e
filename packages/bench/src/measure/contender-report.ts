import { addDeliveries, type Delivery } from './delivery.ts'
import type { Measured } from './stopwatch.ts'
import { rounded, type Summary, summarise } from './summary.ts'

/** One contender in one round. */
export interface RoundOutcome extends Measured {
  readonly delivery: Delivery
}

export interface ContenderReport {
  /** Wall time of a round. */
  readonly ms: Summary
  readonly recordsPerSecond: Summary
  /** Processor time of the contender's own process: what a record costs when others want the machine too. */
  readonly cpuMicrosPerRecord: Summary
  readonly delivery: Delivery
}

export function reportOf(outcomes: readonly RoundOutcome[], records: number): ContenderReport {
  return {
    ms: summarise(outcomes.map(({ ms }) => ms)),
    recordsPerSecond: summarise(outcomes.map(({ ms }) => (records / ms) * 1_000)),
    cpuMicrosPerRecord: summarise(outcomes.map(({ cpuMs }) => (cpuMs * 1_000) / records)),
    delivery: addDeliveries(outcomes.map(({ delivery }) => delivery)),
  }
}

/** How many times as fast `ours` is as `theirs`, by the medians. */
export function speedRatio(ours: ContenderReport, theirs: ContenderReport): number {
  return rounded(theirs.ms.median / ours.ms.median)
}

/** How many times the processor time of `ours` a record of `theirs` costs, by the medians. */
export function costRatio(ours: ContenderReport, theirs: ContenderReport): number {
  return rounded(theirs.cpuMicrosPerRecord.median / ours.cpuMicrosPerRecord.median)
}
