import type { BenchBroker } from './ground/bench-broker.ts'
import type { Bar } from './measure/bar.ts'
import type { Delivery } from './measure/delivery.ts'

export interface BenchOptions {
  /** Tasks of one round. */
  readonly records: number
  /** Rounds that count; figures are their medians. */
  readonly rounds: number
  /** How long a round lasts, where it is not its tasks that end it. */
  readonly minutes?: number
}

/** What was found of one contender: a `Summary` over the rounds per figure, by its name, and what became of its tasks. */
export interface Contended {
  readonly delivery: Delivery
}

/** What a bench found on one broker. */
export interface BenchResult {
  readonly contenders: Readonly<Record<string, Contended>>
  /** What is compared, by what it says: above 1 Towline is ahead. */
  readonly ratios: Readonly<Record<string, number>>
  /** What the result is held to. */
  readonly bars: readonly Bar[]
  /** What was left out and why, and what a reader has to know beside the figures. */
  readonly notes?: readonly string[]
}

export interface Bench {
  readonly name: string
  readonly summary: string
  readonly defaults: BenchOptions
  /** How many records or bytes a contender sends, or works on, at once. */
  readonly batchSizes: Readonly<Record<string, number>>
  run(broker: BenchBroker, options: BenchOptions): Promise<BenchResult>
}
