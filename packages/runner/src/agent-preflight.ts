import {
  type AvroSchema,
  parseTopicName,
  type SchemaSource,
  subjects,
  TaskEvent,
  TaskResult,
  TowlineError,
  topicNames,
} from '@towline/contracts'
import { type AdminPort, comparePlan, planTopics, refuseContradictions } from '@towline/kafka'
import type { AnyAgent } from './runner-ports.ts'
import type { ConsumedTopic } from './topic-consumer.ts'

/** Records of a topic may carry this much beside the payload: our headers and the result's own fields. */
const PAYLOAD_MARGIN_BYTES = 48 * 1024

export interface PreflightContext {
  readonly admin: AdminPort
  readonly schemas: SchemaSource
  readonly namespace: string | undefined
}

/** What is known of an agent's topics and schemas before it is run. */
export interface AgentGround {
  readonly consumed: readonly ConsumedTopic[]
  readonly resultsTopic: string
  readonly eventsTopic: string
  readonly maxOutputBytes: number
  readonly schemaIds: { readonly result: number; readonly event: number; readonly output: number }
}

/**
 * Checks that an agent can keep its promises on this cluster, and finds every tier topic it has to empty, whatever its
 * configuration says today.
 *
 * @throws TowlineError TOWLINE_TOPIC_MISSING, TOWLINE_TOPIC_MISCONFIGURED, TOWLINE_SCHEMA_UNREGISTERED,
 * TOWLINE_REGISTRY_UNAVAILABLE, TOWLINE_BROKER_UNAVAILABLE
 */
export async function preflight(agent: AnyAgent, context: PreflightContext): Promise<AgentGround> {
  const { admin, namespace } = context
  const { type } = agent.agentType
  const names = topicNames(type, namespace)
  await checkTopics(agent, context)
  const tiers = await tierTopics(agent, context)
  const [results] = await admin.describeTopics([names.results])
  return {
    consumed: [{ kind: 'tasks', topic: names.tasks }, { kind: 'replay', topic: names.replay }, ...tiers],
    resultsTopic: names.results,
    eventsTopic: names.events,
    maxOutputBytes: Number(results?.configs['max.message.bytes'] ?? 1_048_588) - PAYLOAD_MARGIN_BYTES,
    schemaIds: await schemaIds(agent, context),
  }
}

async function checkTopics(agent: AnyAgent, { admin, namespace }: PreflightContext): Promise<void> {
  const { type } = agent.agentType
  const planned = planTopics({
    agents: [{ type, tiersMs: agent.retry.tiersMs }],
    brokers: await admin.brokerCount(),
    ...(namespace === undefined ? {} : { namespace }),
  })
  const steps = await comparePlan(admin, planned)
  const missing = steps.filter(({ kind }) => kind === 'create').map(({ topic }) => topic)
  if (missing.length > 0) {
    throw new TowlineError('TOWLINE_TOPIC_MISSING', `agent ${type} lacks the topics ${missing.join(', ')}`, {
      value: missing.join(', '),
      wayOut: 'Create them with: towline topics apply',
    })
  }
  refuseContradictions(steps)
}

async function tierTopics(agent: AnyAgent, { admin, namespace }: PreflightContext): Promise<readonly ConsumedTopic[]> {
  const tiers: ConsumedTopic[] = []
  for (const topic of await admin.topicNames()) {
    const parsed = parseTopicName(topic)
    if (parsed?.kind !== 'retry' || parsed.agent !== agent.agentType.type || parsed.namespace !== namespace) continue
    tiers.push({ kind: 'tier', topic, tierMs: parsed.delayMs })
  }
  return tiers
}

async function schemaIds(agent: AnyAgent, { schemas, namespace }: PreflightContext): Promise<AgentGround['schemaIds']> {
  const names = subjects(agent.agentType.type, namespace)
  const idOf = async (subject: string, schema: AvroSchema<unknown>): Promise<number> => {
    const id = await schemas.idOf(subject, schema.text)
    if (id !== null) return id
    throw new TowlineError('TOWLINE_SCHEMA_UNREGISTERED', `${schema.name} is not registered under ${subject}`, {
      value: subject,
      wayOut: 'Register it with: towline schemas push',
    })
  }
  return {
    result: await idOf(names.results, TaskResult),
    event: await idOf(names.events, TaskEvent),
    output: await idOf(names.output, agent.agentType.output),
  }
}
