import { addDeliveries, type Delivery } from './delivery.ts'
import { percentile, type Summary, summarise } from './summary.ts'

/** One contender in one round. */
export interface LatencyOutcome {
  /** In milliseconds, one per handler that started. */
  readonly latencies: readonly number[]
  readonly delivery: Delivery
}

export interface LatencyReport {
  readonly p50Ms: Summary
  readonly p99Ms: Summary
  readonly maxMs: Summary
  readonly delivery: Delivery
}

export function latencyReportOf(outcomes: readonly LatencyOutcome[]): LatencyReport {
  const at = (fraction: number): Summary => summarise(outcomes.map(({ latencies }) => percentile(latencies, fraction)))
  return {
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
    delivery: addDeliveries(outcomes.map(({ delivery }) => delivery)),
  }
}
