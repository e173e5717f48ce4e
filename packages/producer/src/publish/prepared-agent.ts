import { type AgentType, isTowlineError, subjects, TowlineError, topicNames } from '@towline/contracts'
import { DEFAULT_MAX_MESSAGE_BYTES, type RegistryClient } from '@towline/kafka'
import { type BaselineTools, ResultsBaseline } from '../results/results-baseline.ts'

/** What a topic's `max.message.bytes` keeps free for key and headers. */
export const PAYLOAD_MARGIN_BYTES: number = 48 * 1024

/** What must be known of an agent type before the first task is published to it. */
export interface PreparedAgent {
  readonly tasksTopic: string
  readonly schemaId: number
  /** Largest encoded input its `.tasks` topic takes. */
  readonly payloadMaxBytes: number
  /** Null where it has no results topic. */
  readonly results: ResultsBaseline | null
}

export interface PrepareTools extends BaselineTools {
  readonly registry: RegistryClient
  readonly namespace: string | undefined
  readonly registerSchemas: boolean
}

/** @throws TowlineError TOWLINE_SCHEMA_UNREGISTERED, TOWLINE_REGISTRY_UNAVAILABLE, TOWLINE_TOPIC_MISSING, TOWLINE_BROKER_UNAVAILABLE */
export async function prepareAgent(
  agentType: AgentType<unknown, unknown>,
  tools: PrepareTools,
): Promise<PreparedAgent> {
  const topics = topicNames(agentType.type, tools.namespace)
  const [schemaId, maxMessageBytes, results] = await Promise.all([
    schemaIdOf(agentType, tools),
    maxMessageBytesOf(topics.tasks, tools),
    ResultsBaseline.take(topics.results, tools),
  ])
  const payloadMaxBytes = maxMessageBytes - PAYLOAD_MARGIN_BYTES
  return { tasksTopic: topics.tasks, schemaId, payloadMaxBytes, results }
}

async function schemaIdOf(agentType: AgentType<unknown, unknown>, tools: PrepareTools): Promise<number> {
  const subject = subjects(agentType.type, tools.namespace).tasks
  const { name, text } = agentType.input
  if (tools.registerSchemas) return await tools.registry.register(subject, text)
  const id = await tools.registry.idOf(subject, text)
  if (id !== null) return id
  throw new TowlineError('TOWLINE_SCHEMA_UNREGISTERED', `the registry does not have this ${name} under ${subject}`, {
    value: subject,
    wayOut: 'Register it: towline schemas push',
  })
}

async function maxMessageBytesOf(topic: string, { admin, log }: PrepareTools): Promise<number> {
  try {
    const [description] = await (await admin()).describeTopics([topic])
    if (description === undefined) throw topicMissing(topic)
    return Number(description.configs['max.message.bytes'] ?? DEFAULT_MAX_MESSAGE_BYTES)
  } catch (error) {
    if (isTowlineError(error, 'TOWLINE_TOPIC_MISSING') || (isTowlineError(error) && error.retriable)) throw error
    log?.warn({ topic, error }, "cannot read max.message.bytes of the topic: taking Kafka's default")
    return DEFAULT_MAX_MESSAGE_BYTES
  }
}

function topicMissing(topic: string): TowlineError {
  return new TowlineError('TOWLINE_TOPIC_MISSING', `topic ${topic} does not exist`, {
    value: topic,
    wayOut: 'Create it: towline topics apply',
  })
}
