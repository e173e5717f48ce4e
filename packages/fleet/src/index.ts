/**
 * Wires producer, runner, dead letters and replay of one configuration together.
 *
 * ```ts
 * const config = resolveConfig(await loadConfigFile('towline.config.ts'), {}, process.env)
 * await using fleet = await createFleet(config, { clock: systemClock, log })
 * await fleet.topics.apply()
 * const runner = await fleet.runner(['researcher'])
 * await runner.start()
 * ```
 */
export {
  CONFIG_OPTIONS,
  type ConfigOption,
  OPTION_NAMES,
  type OptionName,
  type OptionValues,
} from './config/config-options.ts'
export { CONFIG_FILE_NAMES, findConfigFile, loadConfigFile } from './config/load-config-file.ts'
export {
  type ConfigOverrides,
  type Credentials,
  type Env,
  type ResolvedConfig,
  type ResolvedTopics,
  resolveConfig,
  type SaslCredentials,
} from './config/resolve-config.ts'
export {
  defineConfig,
  LOG_LEVELS,
  type LogConfig,
  type LogLevel,
  type ProducerConfig,
  type RegistryConfig,
  type RunnerConfig,
  SASL_MECHANISMS,
  type SaslConfig,
  type SaslMechanism,
  type TopicsConfig,
  type TowlineConfig,
} from './config/towline-config.ts'
export { createFleet } from './create-fleet.ts'
export type { Fleet, FleetEnvironment, TaskSearch } from './fleet.ts'
export type { FleetTopics } from './fleet-topics.ts'
export { openFleet } from './open-fleet.ts'
export type { ConsumedTopic } from './progress/agent-topics.ts'
export type { PartitionLag, TopicLag } from './progress/lag.ts'
export type { GroupOffset, Pin } from './progress/offsets.ts'
export { type PartitionProgress, progressOf, type StoredProgress } from './progress/partition-progress.ts'
export type { Replays } from './replays.ts'
export type { OffsetRestore } from './restore/offset-restore.ts'
export type {
  RestoredPartition,
  RestorePlan,
  RestoreReason,
  RestoreRequest,
  RestoreTarget,
} from './restore/restore-plan.ts'
export type { ShownValue, TaskReport, TaskState } from './task/task-report.ts'
