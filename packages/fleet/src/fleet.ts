import type { AgentType, Clock, Logger } from '@towline/contracts'
import type { DeadLetters } from '@towline/dead-letter'
import type { AdminPort, KafkaDriver, ReaderPort, RecordSender, RegistryClient } from '@towline/kafka'
import type { Towline } from '@towline/producer'
import type { Runner } from '@towline/runner'
import type { ResolvedConfig } from './config/resolve-config.ts'
import type { FleetTopics } from './fleet-topics.ts'
import type { TopicLag } from './progress/lag.ts'
import type { GroupOffset } from './progress/offsets.ts'
import type { Replays } from './replays.ts'
import type { OffsetRestore } from './restore/offset-restore.ts'
import type { TaskQuery } from './task/look-up-task.ts'
import type { TaskReport } from './task/task-report.ts'

/** What a fleet takes from its surroundings. */
export interface FleetEnvironment {
  readonly clock: Clock
  readonly log: Logger
  /** Default: kafkajs to the brokers of the configuration. */
  readonly driver?: KafkaDriver
  /** Default: HTTP to the registry of the configuration. Shared by all of the fleet, and its owner's to close. */
  readonly registry?: RegistryClient
}

/** How to find a task; the agent and its id stand apart. */
export type TaskSearch = Pick<TaskQuery, 'sinceMs' | 'key' | 'maxRecords' | 'signal'>

/** Everything that is done with the agents of one configuration. Connects when something is first needed. */
export interface Fleet extends AsyncDisposable {
  readonly config: ResolvedConfig
  readonly topics: FleetTopics
  readonly schemas: RegistryClient
  admin(): Promise<AdminPort>
  reader(): Promise<ReaderPort>
  /** Shared by everything of this fleet that writes. */
  sender(): Promise<RecordSender>
  /** @throws TowlineError TOWLINE_AGENT_UNKNOWN when the configuration has no such agent type */
  agentType(type: string): AgentType<unknown, unknown>
  /**
   * Registers the schemas of agent types under their subjects. For development, demos and tests: elsewhere only
   * `towline schemas push` registers.
   *
   * @param types Default: all of the configuration.
   */
  registerSchemas(types?: readonly string[]): Promise<void>
  /**
   * What publishes tasks; one for the whole fleet, closed with it.
   *
   * @throws TowlineError TOWLINE_BROKER_UNAVAILABLE
   */
  connect(): Promise<Towline>
  /**
   * A runner of these agents in this process, not started.
   *
   * @param types Default: all agents of the configuration.
   * @throws TowlineError TOWLINE_AGENT_UNKNOWN, TOWLINE_OPTION_INVALID, TOWLINE_BROKER_UNAVAILABLE
   */
  runner(types?: readonly string[]): Promise<Runner>
  /**
   * The dead letters of an agent type, configured or found on the cluster.
   *
   * @throws TowlineError TOWLINE_AGENT_UNKNOWN, TOWLINE_NAME_INVALID, TOWLINE_BROKER_UNAVAILABLE
   */
  deadLetters(type: string): Promise<DeadLetters>
  /** The replays of an agent type; as `deadLetters`. */
  replays(type: string): Promise<Replays>
  /**
   * How far runners are behind, per consumed topic.
   *
   * @param types Default: the configured agent types and those found on the cluster.
   * @throws TowlineError TOWLINE_AGENT_UNKNOWN, TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE
   */
  lag(types?: readonly string[]): Promise<readonly TopicLag[]>
  /** What the groups store per partition; types as in `lag`. */
  offsets(types?: readonly string[]): Promise<readonly GroupOffset[]>
  /**
   * Gives groups of an agent type committed offsets again, where they expired or were deleted.
   *
   * @throws TowlineError TOWLINE_AGENT_UNKNOWN, TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE
   */
  offsetRestore(type: string): Promise<OffsetRestore>
  /** What the log says of one task. @throws TowlineError as {@link lookUpTask} */
  task(type: string, taskId: string, search?: TaskSearch): Promise<TaskReport>
  /** Sends what waits and closes every connection; runners are drained by whoever started them. Safe to repeat. */
  close(): Promise<void>
}
