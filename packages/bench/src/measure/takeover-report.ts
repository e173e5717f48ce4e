import { addDeliveries, type Delivery } from './delivery.ts'
import { type Summary, summarise } from './summary.ts'

/** One take-over. */
export interface TakeoverOutcome {
  /** From the signal to the start of the last task in the other process. */
  readonly ms: number
  /** Of the tasks in flight: started again, each once. */
  readonly delivery: Delivery
}

export interface TakeoverReport {
  readonly ms: Summary
  readonly delivery: Delivery
}

export function takeoverReportOf(outcomes: readonly TakeoverOutcome[]): TakeoverReport {
  return {
    ms: summarise(outcomes.map(({ ms }) => ms)),
    delivery: addDeliveries(outcomes.map(({ delivery }) => delivery)),
  }
}
