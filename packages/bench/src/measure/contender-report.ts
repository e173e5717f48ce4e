import { addDeliveries, type Delivery } from './delivery.ts'
import type { Measured } from './stopwatch.ts'
import { rounded, type Summary, summarise } from './summary.ts'

/** One contender in one round. */
export interface RoundOutcome extends Measured {
  readonly delivery: Delivery
}

export interface ContenderReport {
  /** Wall time of a round, in milliseconds. */
  readonly ms: Summary
  /** Processor time of the contender's process, in milliseconds: what it costs when others want the machine too. */
  readonly cpuMs?: Summary
  readonly recordsPerSecond?: number
  readonly delivery: Delivery
}

export function reportOf(outcomes: readonly RoundOutcome[], records: number): ContenderReport {
  const ms = summarise(outcomes.map((outcome) => outcome.ms))
  return {
    ms,
    cpuMs: summarise(outcomes.map((outcome) => outcome.cpuMs)),
    recordsPerSecond: rounded((records / ms.median) * 1_000),
    delivery: addDeliveries(outcomes.map((outcome) => outcome.delivery)),
  }
}

/** How many times as fast `ours` is as `theirs`, by the medians. */
export function speedRatio(ours: ContenderReport, theirs: ContenderReport): number {
  return rounded(theirs.ms.median / ours.ms.median)
}
