import type { TopicDescription } from '../ports/admin-port.ts'
import { MOVED_TASK_BYTES, type PlannedTopic } from './topic-plan.ts'

/** A setting of an existing topic that breaks a promise. */
export interface Contradiction {
  readonly setting: string
  readonly is: string
  readonly wanted: string
  /** What goes wrong with it as it is. */
  readonly why: string
}

/** What a rule sees of a topic that exists. */
export interface JudgedTopic {
  readonly planned: PlannedTopic
  readonly existing: TopicDescription
  /** The `.tasks` topic of the same agent, where it exists. */
  readonly existingTasks: TopicDescription | undefined
}

type Rule = (judged: JudgedTopic) => Contradiction | null

/** One promise each. A setting the broker did not report is not judged. */
const RULES: readonly Rule[] = [
  partitionCount,
  cleanupPolicy,
  retentionTime,
  retentionSize,
  appendTime,
  roomForHeaders,
  insyncReplicas,
]

export function contradictions(judged: JudgedTopic): readonly Contradiction[] {
  return RULES.map((rule) => rule(judged)).filter((found) => found !== null)
}

/** Adding partitions sends a key elsewhere: fatal where order, dedupe or the place of a result depend on it. */
export function mayAddPartitions(kind: PlannedTopic['kind']): boolean {
  return kind === 'retry' || kind === 'dlq' || kind === 'events'
}

function partitionCount({ planned, existing }: JudgedTopic): Contradiction | null {
  const isFree = mayAddPartitions(planned.kind) && existing.partitions < planned.partitions
  if (!planned.isPartitionCountAsked || isFree || existing.partitions === planned.partitions) return null
  return {
    setting: 'partitions',
    is: String(existing.partitions),
    wanted: String(planned.partitions),
    why: 'it cannot be changed under way: keys would move to other partitions, and order, dedupe and results with them',
  }
}

function cleanupPolicy({ planned, existing }: JudgedTopic): Contradiction | null {
  if (planned.kind === 'groups') {
    return wants(existing, 'cleanup.policy', 'compact', (is) => is === 'compact', {
      why: 'a marker that retention deletes no longer tells expired offsets from a group that never ran',
    })
  }
  return wants(existing, 'cleanup.policy', 'delete', (is) => is === 'delete', {
    why: 'compaction deletes every record of a key but the last, whether it was run or not',
  })
}

function retentionTime({ planned, existing }: JudgedTopic): Contradiction | null {
  if (planned.kind === 'groups') return null
  const least = planned.leastRetentionMs
  return wants(existing, 'retention.ms', planned.configs['retention.ms'], (is) => atLeast(is, least), {
    why: `below ${least} ms (three times the lag bound plus the longest delay) a record may be deleted before it is read`,
  })
}

function retentionSize({ planned, existing }: JudgedTopic): Contradiction | null {
  if (planned.kind !== 'tasks' && planned.kind !== 'retry' && planned.kind !== 'replay') return null
  return wants(existing, 'retention.bytes', '-1', (is) => Number(is) === -1, {
    why: 'a burst may push tasks out before they were run',
  })
}

function appendTime({ planned, existing }: JudgedTopic): Contradiction | null {
  if (planned.kind !== 'retry') return null
  return wants(existing, 'message.timestamp.type', 'LogAppendTime', (is) => is === 'LogAppendTime', {
    why: 'when a retry is due is reckoned from the moment it was appended',
  })
}

function roomForHeaders({ planned, existing, existingTasks }: JudgedTopic): Contradiction | null {
  if (planned.kind !== 'retry' && planned.kind !== 'dlq' && planned.kind !== 'replay') return null
  const ofTasks = Number(existingTasks?.configs['max.message.bytes'] ?? Number.NaN)
  const least = Number.isNaN(ofTasks) ? Number(planned.configs['max.message.bytes']) : ofTasks + MOVED_TASK_BYTES
  return wants(existing, 'max.message.bytes', String(least), (is) => Number(is) >= least, {
    why: 'a task as large as .tasks accepts does not fit here with the headers of a retry',
  })
}

function insyncReplicas({ planned, existing }: JudgedTopic): Contradiction | null {
  if (planned.replicationFactor < 3) return null
  return wants(existing, 'min.insync.replicas', '2', (is) => Number(is) >= 2, {
    why: 'a record acknowledged by one broker is lost with it; the topic needs three replicas for this setting',
  })
}

function wants(
  existing: TopicDescription,
  setting: string,
  wanted: string | undefined,
  isGood: (is: string) => boolean,
  { why }: { readonly why: string },
): Contradiction | null {
  const is = existing.configs[setting]
  return is === undefined || isGood(is) ? null : { setting, is, wanted: wanted ?? '', why }
}

/** Kafka's -1 is without bound. */
function atLeast(text: string, least: number): boolean {
  const value = Number(text)
  return value === -1 || value >= least
}
