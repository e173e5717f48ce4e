import type { Ordering } from '@towline/contracts'
import { boundedDuplicates } from './duplicates.ts'
import { exactLedger } from './exact-ledger.ts'
import type { History } from './history.ts'
import { keyOrder } from './key-order.ts'
import { neverEarlyRetry } from './never-early-retry.ts'
import { noConcurrentKey } from './no-concurrent-key.ts'
import { noLoss } from './no-loss.ts'
import type { Verdict } from './verdict.ts'

/** What was asked of the agent whose history it is. */
export interface AskedOfAgent {
  /** Default: `key`. */
  readonly ordering?: Ordering
  /** Waits before attempt 2, 3, …, the last repeating. Default: none is checked. */
  readonly delaysMs?: readonly number[]
}

/** What every checker says of a history in which nothing is under way, however bad the day was. */
export function everyPromise(history: History, { ordering, delaysMs = [] }: AskedOfAgent = {}): readonly Verdict[] {
  return [
    noLoss(history),
    exactLedger(history),
    boundedDuplicates(history),
    keyOrder(history, ordering),
    noConcurrentKey(history, ordering),
    neverEarlyRetry(history, delaysMs),
  ]
}
