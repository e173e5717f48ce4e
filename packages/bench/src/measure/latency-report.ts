import { addDeliveries, type Delivery } from './delivery.ts'
import type { Measured } from './stopwatch.ts'
import { percentile, type Summary, summarise } from './summary.ts'

/** What a contender found in one round. */
export interface Latencies extends Measured {
  /** In milliseconds, one per handler that started and counts. */
  readonly latencies: readonly number[]
}

export interface LatencyOutcome extends Latencies {
  readonly delivery: Delivery
}

export interface LatencyReport {
  readonly p50Ms: Summary
  readonly p99Ms: Summary
  readonly maxMs: Summary
  /** Processor time of the contender's own process, which publishes and runs. */
  readonly cpuMicrosPerRecord: Summary
  readonly delivery: Delivery
}

/** @param records Of a round, those that do not count included. */
export function latencyReportOf(outcomes: readonly LatencyOutcome[], records: number): LatencyReport {
  const at = (fraction: number): Summary => summarise(outcomes.map(({ latencies }) => percentile(latencies, fraction)))
  return {
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    cpuMicrosPerRecord: summarise(outcomes.map(({ cpuMs }) => (cpuMs * 1_000) / records)),
    delivery: addDeliveries(outcomes.map(({ delivery }) => delivery)),
  }
}
