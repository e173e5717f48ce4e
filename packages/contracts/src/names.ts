import { formatDelay, parseDuration } from './duration.ts'
import { TowlineError } from './towline-error.ts'

const NAME = /^[a-z][a-z0-9-]*$/
const DELAY = /^[1-9][0-9]{0,9}[smhd]$/
const RESERVED: readonly string[] = ['towline', 'replay']
const KINDS = ['tasks', 'dlq', 'results', 'events', 'replay'] as const

/** Longest namespace or agent type: with both, the longest topic and group stay below Kafka's 249 characters. */
export const MAX_NAME_LENGTH = 100

/** The kinds of topic an agent has, retry tiers aside. */
export type TopicKind = (typeof KINDS)[number]

export interface TopicNames {
  readonly tasks: string
  readonly dlq: string
  readonly results: string
  readonly events: string
  readonly replay: string
  /** @throws TowlineError TOWLINE_DURATION_INVALID when `delayMs` is not whole seconds. */
  retry(delayMs: number): string
}

/** What a topic name says. Without a namespace the property is absent. */
export type ParsedTopicName =
  | { readonly namespace?: string; readonly agent: string; readonly kind: TopicKind }
  | { readonly namespace?: string; readonly agent: string; readonly kind: 'retry'; readonly delayMs: number }

/** Schema registry subjects of an agent type. `output` is the schema of the bytes inside a result. */
export interface AgentSubjects {
  readonly tasks: string
  readonly results: string
  readonly output: string
  readonly events: string
}

/** @throws TowlineError TOWLINE_NAME_INVALID */
export function checkNamespace(namespace: string): void {
  checkName('namespace', namespace)
}

/** @throws TowlineError TOWLINE_NAME_INVALID */
export function checkAgentName(agentType: string): void {
  checkName('agent type', agentType)
}

/**
 * The topics of an agent type: `[<namespace>.]<agent>.<kind>`.
 *
 * @throws TowlineError TOWLINE_NAME_INVALID
 */
export function topicNames(agentType: string, namespace?: string): TopicNames {
  const agent = agentWithNamespace(agentType, namespace)
  return {
    tasks: `${agent}.tasks`,
    dlq: `${agent}.dlq`,
    results: `${agent}.results`,
    events: `${agent}.events`,
    replay: `${agent}.replay`,
    retry: (delayMs) => `${agent}.retry.${formatDelay(delayMs)}`,
  }
}

/** `[<namespace>.]<agent>`: what topics, subjects and deterministic ids begin with. @throws TowlineError TOWLINE_NAME_INVALID */
export function agentWithNamespace(agentType: string, namespace?: string): string {
  checkAgentName(agentType)
  return prefixOf(namespace) + agentType
}

export function controlTopic(namespace?: string): string {
  return `${prefixOf(namespace)}towline.control`
}

export function loadTopic(namespace?: string): string {
  return `${prefixOf(namespace)}towline.load`
}

export function groupsTopic(namespace?: string): string {
  return `${prefixOf(namespace)}towline.groups`
}

/** Holds what `towline doctor --measure-clock` writes: a record whose append time is the broker's clock. */
export function clockTopic(namespace?: string): string {
  return `${prefixOf(namespace)}towline.clock`
}

/** What the name of an agent's topic says, or null for any other topic. Never throws. */
export function parseTopicName(topic: string): ParsedTopicName | null {
  const parts = topic.split('.')
  const last = parts.pop() ?? ''
  const delayMs = parts.at(-1) === 'retry' ? parseDelay(last) : null
  if (delayMs !== null) parts.pop()
  else if (!isKind(last)) return null
  const agent = parts.pop()
  const namespace = parts.pop()
  if (agent === undefined || parts.length > 0 || !isName(agent)) return null
  if (namespace !== undefined && !isName(namespace)) return null
  const owner = namespace === undefined ? { agent } : { namespace, agent }
  return delayMs === null ? { ...owner, kind: last as TopicKind } : { ...owner, kind: 'retry', delayMs }
}

/** The consumer group that works a topic. */
export function groupIdOf(topic: string): string {
  return `towline.${topic}`
}

/** The group a replay job keeps its checkpoint in. */
export function replayGroupId(replayId: string, namespace?: string): string {
  return `towline.${prefixOf(namespace)}replay.${replayId}`
}

/** @throws TowlineError TOWLINE_NAME_INVALID */
export function subjects(agentType: string, namespace?: string): AgentSubjects {
  const agent = agentWithNamespace(agentType, namespace)
  return {
    tasks: `${agent}.tasks-value`,
    results: `${agent}.results-value`,
    output: `${agent}.results-output`,
    events: `${agent}.events-value`,
  }
}

function prefixOf(namespace: string | undefined): string {
  if (namespace === undefined) return ''
  checkNamespace(namespace)
  return `${namespace}.`
}

function isKind(text: string): text is TopicKind {
  return (KINDS as readonly string[]).includes(text)
}

function isName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && NAME.test(text) && !RESERVED.includes(text)
}

/** Only the canonical text counts: `60s` is no tier, `1m` is. */
function parseDelay(text: string): number | null {
  if (!DELAY.test(text)) return null
  try {
    const delayMs = parseDuration(text, 'retry tier')
    return formatDelay(delayMs) === text ? delayMs : null
  } catch {
    return null // Longer than any duration may be: not a tier of ours.
  }
}

function checkName(what: string, name: string): void {
  if (isName(name)) return
  const isReserved = RESERVED.includes(name)
  const bound = `[a-z][a-z0-9-]*, at most ${MAX_NAME_LENGTH} characters`
  throw new TowlineError(
    'TOWLINE_NAME_INVALID',
    isReserved
      ? `${what} ${JSON.stringify(name)} is reserved`
      : `${what} must match ${bound}, got ${JSON.stringify(name)}`,
    {
      value: String(name),
      bound,
      wayOut: isReserved ? `Choose a name other than ${RESERVED.join(' and ')}` : 'Choose another name',
    },
  )
}
