import type { Bench, BenchOptions, BenchResult } from '../bench.ts'
import { atMost, type Bar } from '../measure/bar.ts'
import { type Machine, machine } from '../measure/machine.ts'
import { versions } from './versions.ts'

/** A result and the broker it was found on. */
export interface BrokerRun extends Omit<BenchResult, 'bars'> {
  readonly broker: { readonly kind: string; readonly description: string }
}

/** A bar and the broker it was measured on. */
export interface BrokerBar extends Bar {
  readonly broker: string
}

/** What a bench prints with --json. */
export interface BenchDocument extends BenchOptions {
  readonly bench: string
  readonly summary: string
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly batchSizes: Readonly<Record<string, number>>
  readonly runs: readonly BrokerRun[]
  readonly bars: readonly BrokerBar[]
  /** No bar falls short. */
  readonly ok: boolean
}

export interface FinishedRun {
  readonly broker: BrokerRun['broker']
  readonly result: BenchResult
}

export function benchDocument(bench: Bench, options: BenchOptions, finished: readonly FinishedRun[]): BenchDocument {
  const bars = finished.flatMap(({ broker, result }) =>
    [...result.bars, exactDelivery(result)].map((bar) => ({ ...bar, broker: broker.kind })),
  )
  return {
    bench: bench.name,
    summary: bench.summary,
    ...options,
    machine: machine(),
    versions: versions(),
    batchSizes: bench.batchSizes,
    runs: finished.map(({ broker, result: { bars: _, ...rest } }) => ({ broker, ...rest })),
    bars,
    ok: bars.every(({ ok }) => ok),
  }
}

/** Every bench is held to it: of every contender's tasks none lost, none twice, none unknown. */
function exactDelivery({ contenders }: BenchResult): Bar {
  const wrong = Object.values(contenders).map(({ delivery }) => delivery.lost + delivery.duplicated + delivery.unknown)
  return atMost(
    'tasksNotDeliveredExactlyOnce',
    wrong.reduce((sum, count) => sum + count, 0),
    0,
  )
}
