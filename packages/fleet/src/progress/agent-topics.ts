import { type ParsedTopicName, parseTopicName, TowlineError } from '@towline/contracts'
import type { AdminPort } from '@towline/kafka'

/** A topic that runners consume, in a group of its own. */
export interface ConsumedTopic {
  readonly agent: string
  readonly topic: string
  readonly kind: 'tasks' | 'retry' | 'replay'
  /** Of a retry tier. */
  readonly delayMs?: number
}

export interface AgentTopicsQuery {
  readonly namespace: string | undefined
  /** Agent types the configuration names; the cluster is searched for others. */
  readonly configured: readonly string[]
  /** Only these; empty = all. */
  readonly wanted: readonly string[]
}

/**
 * The consumed topics of the wanted agent types as they exist on the cluster, retry tiers of former configurations
 * included. By agent, then `tasks`, tiers by delay, `replay`.
 *
 * @throws TowlineError TOWLINE_AGENT_UNKNOWN for a type that is neither configured nor on the cluster,
 * TOWLINE_TOPIC_MISSING for a configured one without its topic.
 */
export async function findConsumedTopics(
  admin: Pick<AdminPort, 'topicNames'>,
  query: AgentTopicsQuery,
): Promise<readonly ConsumedTopic[]> {
  const found = (await admin.topicNames()).flatMap((topic) => consumedTopic(topic, query.namespace))
  const known = new Set([...query.configured, ...found.map(({ agent }) => agent)])
  for (const agent of query.wanted) if (!known.has(agent)) throw agentUnknown(agent, [...known])
  const wanted = query.wanted.length === 0 ? known : new Set(query.wanted)
  for (const agent of query.wanted.length === 0 ? query.configured : query.wanted) {
    if (!found.some((topic) => topic.agent === agent && topic.kind === 'tasks')) throw topicMissing(agent, query)
  }
  return found.filter(({ agent }) => wanted.has(agent)).sort(byAgentAndKind)
}

/**
 * Tells a mistyped agent type from one whose topics were not created yet.
 *
 * @throws TowlineError TOWLINE_AGENT_UNKNOWN when it is neither configured nor has a topic on the cluster.
 */
export async function requireAgent(
  admin: Pick<AdminPort, 'topicNames'>,
  agent: string,
  { namespace, configured }: Pick<AgentTopicsQuery, 'namespace' | 'configured'>,
): Promise<void> {
  if (configured.includes(agent)) return
  const found = (await admin.topicNames()).map(parseTopicName).filter((parsed) => parsed?.namespace === namespace)
  const known = new Set([...configured, ...found.flatMap((parsed) => parsed?.agent ?? [])])
  if (!known.has(agent)) throw agentUnknown(agent, [...known])
}

/** The error of an agent type that nothing knows. */
export function agentUnknown(agent: string, known: readonly string[]): TowlineError {
  const bound = known.length === 0 ? 'none' : [...known].sort().join(', ')
  return new TowlineError('TOWLINE_AGENT_UNKNOWN', `no agent type ${JSON.stringify(agent)} is known`, {
    value: agent,
    bound,
    wayOut:
      known.length === 0
        ? 'Add it to agents or agentTypes of towline.config.ts, and check --config, --brokers and --namespace'
        : `Choose one of: ${bound}`,
  })
}

function topicMissing(agent: string, { namespace }: AgentTopicsQuery): TowlineError {
  const topic = `${namespace === undefined ? '' : `${namespace}.`}${agent}.tasks`
  return new TowlineError('TOWLINE_TOPIC_MISSING', `topic ${topic} does not exist`, {
    value: topic,
    wayOut: 'Create it by towline topics apply, or check --namespace',
  })
}

function consumedTopic(topic: string, namespace: string | undefined): ConsumedTopic[] {
  const parsed = parseTopicName(topic)
  if (parsed === null || parsed.namespace !== namespace) return []
  return isConsumed(parsed) ? [{ topic, ...ownerOf(parsed) }] : []
}

type ConsumedName = Extract<ParsedTopicName, { kind: 'retry' }> | (ParsedTopicName & { kind: 'tasks' | 'replay' })

function isConsumed(parsed: ParsedTopicName): parsed is ConsumedName {
  return parsed.kind === 'tasks' || parsed.kind === 'retry' || parsed.kind === 'replay'
}

function ownerOf(parsed: ConsumedName): Omit<ConsumedTopic, 'topic'> {
  if (parsed.kind === 'retry') return { agent: parsed.agent, kind: 'retry', delayMs: parsed.delayMs }
  return { agent: parsed.agent, kind: parsed.kind }
}

const RANK = { tasks: 0, retry: 1, replay: 2 } as const

function byAgentAndKind(a: ConsumedTopic, b: ConsumedTopic): number {
  if (a.agent !== b.agent) return a.agent < b.agent ? -1 : 1
  return RANK[a.kind] - RANK[b.kind] || (a.delayMs ?? 0) - (b.delayMs ?? 0)
}
