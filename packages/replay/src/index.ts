/**
 * Replay: a range of an agent's history as new tasks.
 *
 * ```ts
 * const { plan, clipped } = await planReplay(
 *   { agentType: 'researcher', from: parseRangeBounds('-2h', '--from'), ratePerSecond: 50, by: 'ops@example.org' },
 *   { admin, reader, clock },
 * )
 * const { records } = await dryRunReplay(plan, { admin, reader })
 * const result = await runReplay(plan, { admin, reader, sender, clock }, { expectedRecords: records, onProgress })
 * // after a kill, anywhere: await resumeReplay({ replayId, agentType: 'researcher' }, ports)
 * const report = await replayReport(plan, { admin, reader, schemas })
 * ```
 */
export type { ReplayState } from './checkpoint.ts'
export { type DryRunCounts, type DryRunOptions, dryRunReplay, type RecordCounts } from './dry-run.ts'
export type { Durations } from './duration-histogram.ts'
export { type PlannedReplay, type PlanPorts, planReplay, type ReplayRequest } from './plan-replay.ts'
export { parsePartitions, parseRangeBounds, type RangeBound, type RangeBounds } from './range-bound.ts'
export { ReplayRangeLost } from './range-loss.ts'
export type { FailureGroup, ReplayOutcomes } from './replay-outcomes.ts'
export type { ClippedRange, PartitionRange, ReplayLoss, ReplayPlan, ReplayRef } from './replay-plan.ts'
export type { CheckpointAdmin, PlanningAdmin, ReplayPorts, ReplayReader, ReplaySender } from './replay-ports.ts'
export type { ReplayProgress } from './replay-progress.ts'
export { type ReplayReport, type ReportPorts, replayReport } from './replay-report.ts'
export type { ReplayResult } from './replay-result.ts'
export { abortReplay, listReplays, type ReplayStatus, replayStatus } from './replay-status.ts'
export { DEFAULT_MAX_IN_FLIGHT_BYTES, type RunReplayOptions } from './run-options.ts'
export { resumeReplay, runReplay, savePlan } from './run-replay.ts'
export type { PartitionProgress } from './sent-ledger.ts'
