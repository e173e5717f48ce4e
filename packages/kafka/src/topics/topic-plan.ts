import { groupsTopic, type TopicKind, TowlineError, topicNames } from '@towline/contracts'
import type { TopicSpec } from '../ports/admin-port.ts'

/** The kinds of topic an agent has, its retry tiers counted as one kind. */
export type PlannedKind = TopicKind | 'retry'

export interface PlannedAgent {
  readonly type: string
  /** The delays that have a tier topic. */
  readonly tiersMs: readonly number[]
  /** The longest wait between two attempts of this agent. Default: its longest tier. */
  readonly longestDelayMs?: number
}

export interface TopicPlanOptions {
  readonly agents: readonly PlannedAgent[]
  readonly namespace?: string
  /** Brokers of the cluster: topics are replicated to three of them, or to all where there are fewer. */
  readonly brokers: number
  /** Default: tasks, replay and results 12; retry, dlq and events 3. */
  readonly partitions?: Partial<Readonly<Record<PlannedKind, number>>>
  /** How long everything but dead letters is kept: the replay window. Default 7 days. */
  readonly retentionMs?: number
  /** How long dead letters are kept. Default 90 days. */
  readonly deadLetterRetentionMs?: number
  /** How far a runner may ever lag behind; retention must cover three times this plus the longest delay. Default 1 h. */
  readonly lagBoundMs?: number
  /** Largest record batch of `.tasks` and `.results`, Kafka's `max.message.bytes`. Default 1,048,588, as in Kafka. */
  readonly maxMessageBytes?: number
}

/** A topic as it should be, and what it takes to judge one that exists. */
export interface PlannedTopic extends TopicSpec {
  /** `groups`: that of the whole fleet which remembers what groups finished. */
  readonly kind: PlannedKind | 'groups'
  /** The `.tasks` topic of its agent; null where it belongs to none. */
  readonly tasksTopic: string | null
  /** The partition count was asked for, so another one is a contradiction where it cannot be changed. */
  readonly isPartitionCountAsked: boolean
  /** Retention below it can delete a task before it was run. */
  readonly leastRetentionMs: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const DEFAULT_PARTITIONS: Readonly<Record<PlannedKind, number>> = {
  tasks: 12,
  replay: 12,
  results: 12,
  retry: 3,
  dlq: 3,
  events: 3,
}
/** Kafka's own default for `max.message.bytes`. */
export const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588
/** Our headers on a task that was moved; any task that fitted into `.tasks` fits with them. */
export const MOVED_TASK_BYTES: number = 64 * 1024

/**
 * The topics of some agents, and the one they share. Pure.
 *
 * @throws TowlineError TOWLINE_TOPIC_MISCONFIGURED when an option breaks a promise, for example a retention that may
 * delete a task before it ran; TOWLINE_NAME_INVALID.
 */
export function planTopics(options: TopicPlanOptions): readonly PlannedTopic[] {
  return [...options.agents.flatMap((agent) => planAgent(agent, options)), planGroups(options)]
}

/** Compacted: it holds the last marker of every group and partition for ever. */
function planGroups({ namespace, brokers }: TopicPlanOptions): PlannedTopic {
  const replicationFactor = Math.min(3, brokers)
  return {
    topic: groupsTopic(namespace),
    kind: 'groups',
    tasksTopic: null,
    partitions: 1,
    isPartitionCountAsked: true,
    replicationFactor,
    leastRetentionMs: 0,
    configs: { 'cleanup.policy': 'compact', ...insync(replicationFactor) },
  }
}

function planAgent(agent: PlannedAgent, options: TopicPlanOptions): readonly PlannedTopic[] {
  const names = topicNames(agent.type, options.namespace)
  const plan = (topic: string, kind: PlannedKind): PlannedTopic => planTopic(topic, kind, names.tasks, agent, options)
  return [
    plan(names.tasks, 'tasks'),
    ...[...new Set(agent.tiersMs)].sort((a, b) => a - b).map((tierMs) => plan(names.retry(tierMs), 'retry')),
    plan(names.dlq, 'dlq'),
    plan(names.results, 'results'),
    plan(names.events, 'events'),
    plan(names.replay, 'replay'),
  ]
}

function planTopic(
  topic: string,
  kind: PlannedKind,
  tasksTopic: string,
  agent: PlannedAgent,
  options: TopicPlanOptions,
): PlannedTopic {
  const replicationFactor = Math.min(3, options.brokers)
  const leastRetentionMs = leastRetention(agent, options)
  return {
    topic,
    kind,
    tasksTopic,
    partitions: options.partitions?.[kind] ?? DEFAULT_PARTITIONS[kind],
    isPartitionCountAsked: options.partitions?.[kind] !== undefined,
    replicationFactor,
    leastRetentionMs,
    configs: {
      'cleanup.policy': 'delete',
      'retention.ms': String(retention(topic, kind, leastRetentionMs, options)),
      'retention.bytes': '-1',
      'max.message.bytes': String(maxMessageBytes(kind, options)),
      'message.timestamp.type': kind === 'retry' ? 'LogAppendTime' : 'CreateTime',
      ...insync(replicationFactor),
    },
  }
}

function insync(replicationFactor: number): Readonly<Record<string, string>> {
  return replicationFactor >= 3 ? { 'min.insync.replicas': '2' } : {}
}

function leastRetention(agent: PlannedAgent, options: TopicPlanOptions): number {
  const longestDelayMs = Math.max(0, agent.longestDelayMs ?? 0, ...agent.tiersMs)
  return 3 * ((options.lagBoundMs ?? HOUR_MS) + longestDelayMs)
}

function retention(topic: string, kind: PlannedKind, leastRetentionMs: number, options: TopicPlanOptions): number {
  const retentionMs =
    kind === 'dlq' ? (options.deadLetterRetentionMs ?? 90 * DAY_MS) : (options.retentionMs ?? 7 * DAY_MS)
  if (retentionMs === -1 || retentionMs >= leastRetentionMs) return retentionMs
  throw new TowlineError(
    'TOWLINE_TOPIC_MISCONFIGURED',
    `retention of ${topic} must be at least ${leastRetentionMs} ms, three times the lag bound plus the longest delay, got ${retentionMs} ms`,
    {
      value: retentionMs,
      bound: leastRetentionMs,
      wayOut: 'Raise the retention, or lower the lag bound or the longest delay',
    },
  )
}

function maxMessageBytes(kind: PlannedKind, options: TopicPlanOptions): number {
  const bytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES
  switch (kind) {
    case 'retry':
    case 'dlq':
    case 'replay':
      return bytes + MOVED_TASK_BYTES
    case 'tasks':
    case 'results':
    case 'events':
      return bytes
  }
}
