import type { BenchBroker } from './ground/bench-broker.ts'
import type { ContenderReport } from './measure/contender-report.ts'
import type { LatencyReport } from './measure/latency-report.ts'
import type { TakeoverReport } from './measure/takeover-report.ts'

export interface BenchOptions {
  /** Tasks of one round. */
  readonly records: number
  /** Rounds that count. */
  readonly rounds: number
}

/** What one run of a bench found. */
export interface BenchResult {
  readonly contenders: Readonly<Record<string, ContenderReport | LatencyReport | TakeoverReport>>
  /** What is compared, by what it says: above 1 Towline is ahead. */
  readonly ratios: Readonly<Record<string, number>>
}

export interface Bench {
  readonly name: string
  readonly summary: string
  readonly defaults: BenchOptions
  run(broker: BenchBroker, options: BenchOptions): Promise<BenchResult>
}
