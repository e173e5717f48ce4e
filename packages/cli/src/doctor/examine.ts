import { type Agent, groupIdOf, topicNames } from '@towline/contracts'
import type { Fleet, ResolvedConfig } from '@towline/fleet'
import { DEFAULT_MAX_MESSAGE_BYTES } from '@towline/kafka'
import type { CliIo } from '../cli-io.ts'
import { type BrokerNeeds, checkBrokers, unreachableText } from './check-brokers.ts'
import { checkClock } from './check-clock.ts'
import { checkNode } from './check-node.ts'
import { checkPartitions } from './check-partitions.ts'
import { checkRegistry } from './check-registry.ts'
import { checkTopics } from './check-topics.ts'
import { measureClock, readClock } from './clock-probe.ts'
import { type Check, type Finding, problemOf, warning } from './finding.ts'

export interface Examination {
  readonly io: CliIo
  readonly fleet: Fleet
  readonly nodeVersion: string
  /** Writes one record, see {@link measureClock}. */
  readonly measuresClock: boolean
  /** Each finding as soon as it is known. */
  onFinding(finding: Finding): void
  /** What could not be looked at, for people. */
  onSkipped(text: string): void
}

const SESSION_TIMEOUT_MS = 6_000
const DEFAULT_RETENTION_MS = 7 * 86_400_000
/** Headers of a moved task and the frame of a request come on top of a topic's limit. */
const OVERHEAD_BYTES = 128 * 1024

/** Looks at everything in turn. What fails is a finding; only what nobody foresaw is thrown. */
export async function examine(examination: Examination): Promise<void> {
  const { fleet, nodeVersion, onFinding, onSkipped } = examination
  onFinding(checkNode(nodeVersion))
  if (fleet.config.agentTypes.length === 0) onFinding(noAgents())
  const inspection = await inspect(fleet.config)
  for (const finding of checkBrokers(inspection, needsOf(fleet.config))) onFinding(finding)
  const skipped = unreachableText(inspection)
  if (skipped === undefined) {
    await into(onFinding, 'topics', async () => checkTopics(await fleet.topics.plan()))
    for (const agent of fleet.config.agents) {
      await into(onFinding, 'partitions', async () => await partitionsOf(fleet, agent))
    }
  }
  const { agentTypes, namespace, registry } = fleet.config
  const ofRegistry = await checkRegistry({ schemas: fleet.schemas, url: registry.url, agentTypes, namespace })
  for (const finding of ofRegistry) onFinding(finding)
  if (skipped === undefined) await into(onFinding, 'clock', async () => [await clockOf(examination)])
  else onSkipped(skipped)
}

async function into(
  onFinding: (finding: Finding) => void,
  check: Check,
  look: () => Promise<readonly Finding[]>,
): Promise<void> {
  const found = await look().catch((error: unknown) => [problemOf(check, null, error)])
  for (const finding of found) onFinding(finding)
}

/** The adapter is loaded only by those who connect. */
async function inspect(config: ResolvedConfig): ReturnType<typeof import('@towline/kafka/kafkajs').inspectKafka> {
  const { inspectKafka } = await import('@towline/kafka/kafkajs')
  const { brokers, clientId, ssl, sasl } = config
  return await inspectKafka({ brokers, clientId, ssl, ...(sasl === undefined ? {} : { sasl }) })
}

function needsOf({ topics }: ResolvedConfig): BrokerNeeds {
  const { retentionMs = DEFAULT_RETENTION_MS, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = topics
  return { sessionTimeoutMs: SESSION_TIMEOUT_MS, retentionMs, largestBatchBytes: maxMessageBytes + OVERHEAD_BYTES }
}

/** An agent whose topic is missing has its finding already. */
async function partitionsOf(fleet: Fleet, { agentType, ordering, concurrency }: Agent): Promise<readonly Finding[]> {
  const admin = await fleet.admin()
  const topic = topicNames(agentType.type, fleet.config.namespace).tasks
  const [found] = await admin.describeTopics([topic])
  if (found === undefined) return []
  const { members } = await admin.describeGroup(groupIdOf(topic))
  const { maxInFlight } = fleet.config.runner
  const { partitions } = found
  return checkPartitions({
    agent: agentType.type,
    ordering,
    concurrency,
    maxInFlight,
    partitions,
    runners: members.length,
  })
}

async function clockOf({ io, fleet, measuresClock }: Examination): Promise<Finding> {
  const { agents, namespace } = fleet.config
  if (measuresClock) return checkClock(await measureClock(fleet, io.clock))
  const tiers = agents.flatMap(({ agentType, retry }) => {
    const names = topicNames(agentType.type, namespace)
    return retry.tiersMs.map((tierMs) => names.retry(tierMs))
  })
  return checkClock(await readClock(fleet, tiers, io.clock))
}

function noAgents(): Finding {
  const wayOut = 'Name a file by --config whose agents are not empty, or make a towline.config.ts here'
  return warning('topics', null, 'no agents are configured: no topics, partitions or schemas to check', wayOut)
}
