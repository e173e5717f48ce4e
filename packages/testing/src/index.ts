/**
 * Checks whole histories, of everything published, run, finished and committed, against what Towline promises.
 *
 * @example
 * const history = [...published, ...ends, ...journal.entries()]
 * assertKept(...everyPromise(history)) // or throws the story of what went wrong
 *
 * @module
 */
export { boundedDuplicates, noDuplicates, reruns } from './duplicates.ts'
export { type AskedOfAgent, everyPromise } from './every-promise.ts'
export { exactLedger } from './exact-ledger.ts'
export type { Execution, History, HistoryEvent, HistoryEventMap, HistoryKind } from './history.ts'
export { keyOrder } from './key-order.ts'
export { neverEarlyRetry } from './never-early-retry.ts'
export { noConcurrentKey } from './no-concurrent-key.ts'
export { noLoss } from './no-loss.ts'
export { assertKept, BrokenPromiseError, type Counterexample, type Verdict } from './verdict.ts'
