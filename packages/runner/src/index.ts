/**
 * The partition-aware consumer runner.
 *
 * ```ts
 * const runner = createRunner({ driver, admin, reader, sender, schemas, agents, clock, log, defaultRunnerId: 'pod-1' })
 * runner.events.on('task:ended', ({ taskId, end }) => console.log(taskId, end))
 * await runner.start()
 * process.once('SIGTERM', () => void runner.drain())
 * ```
 */
export { AttemptAborted } from './attempt.ts'
export type { PauseCause } from './intake-gate.ts'
export { createRunner, Runner, type RunnerParts, type RunnerStats } from './runner.ts'
export type { GroupMembership, RunnerEventMap, RunnerEvents, TaskRef } from './runner-events.ts'
export type { RunnerOptions } from './runner-options.ts'
export type {
  AnyAgent,
  ChildPublisher,
  FailureRouter,
  RetryPolicy,
  RunnerAgent,
  SourceRecord,
  TierVerdict,
} from './runner-ports.ts'
export type { RunnerState } from './runner-state.ts'
