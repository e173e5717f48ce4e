import { TowlineError } from '@towline/contracts'
import type { TopicDescription, TopicSpec } from '../../ports/admin-port.ts'
import type { ClusterClient } from '../cluster/cluster-client.ts'
import { logBounds } from '../cluster/list-offsets.ts'
import type { TopicMetadata } from '../cluster/metadata.ts'
import { errorTypeOf, isPassing } from '../kafka-error.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'

const TOPIC_RESOURCE = 2
const CONTROLLER_TIMEOUT_MS = 5_000

interface TopicErrors {
  readonly topicErrors: readonly {
    readonly topic: string
    readonly errorCode: number
    readonly errorMessage?: string | null
  }[]
}

export async function describeTopics(
  client: ClusterClient,
  topics: readonly string[],
): Promise<readonly TopicDescription[]> {
  const { topicMetadata } = await client.metadata(topics)
  const existing = topicMetadata.filter(
    ({ topicErrorCode }) => topicErrorCode !== KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION,
  )
  if (existing.length === 0) return []
  const configs = await describeConfigs(client, existing)
  return existing.map(({ topic, topicErrorCode, partitionMetadata }) => {
    client.check(topicErrorCode)
    return { topic, partitions: partitionMetadata.length, configs: configs.get(topic) ?? {} }
  })
}

async function describeConfigs(
  client: ClusterClient,
  topics: readonly TopicMetadata[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const { resources } = await client.call<{
    resources: readonly {
      errorCode: number
      resourceName: string
      configEntries: readonly { configName: string; configValue: string | null }[]
    }[]
  }>(await client.any(), 'DescribeConfigs', {
    resources: topics.map(({ topic }) => ({ type: TOPIC_RESOURCE, name: topic })),
  })
  const configs = new Map<string, Record<string, string>>()
  for (const { errorCode, resourceName, configEntries } of resources) {
    if (errorCode === KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION) continue
    client.check(errorCode)
    const known = configEntries.filter(({ configValue }) => configValue !== null)
    configs.set(resourceName, Object.fromEntries(known.map((entry) => [entry.configName, entry.configValue ?? ''])))
  }
  return configs
}

export async function createTopics(client: ClusterClient, specs: readonly TopicSpec[]): Promise<void> {
  const answer = await onController<TopicErrors>(client, 'CreateTopics', {
    timeout: CONTROLLER_TIMEOUT_MS,
    topics: specs.map(({ topic, partitions, replicationFactor, configs }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(configs).map(([name, value]) => ({ name, value })),
    })),
  })
  const failed = answer.topicErrors.filter(({ errorCode }) => errorCode !== KAFKA_ERROR.TOPIC_ALREADY_EXISTS)
  checkTopics(client, 'create', failed)
  await waitForLeaders(client, new Map(specs.map(({ topic }) => [topic, 1])))
}

export async function addPartitions(client: ClusterClient, topic: string, partitions: number): Promise<void> {
  const { topicMetadata } = await client.metadata([topic])
  const [found] = topicMetadata
  client.check(found?.topicErrorCode ?? KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION)
  if ((found?.partitionMetadata.length ?? 0) < partitions) {
    const topicPartitions = [{ topic, count: partitions }]
    const answer = await onController<TopicErrors>(client, 'CreatePartitions', {
      topicPartitions,
      timeout: CONTROLLER_TIMEOUT_MS,
    })
    // The controller may know of partitions that this broker does not, those of an attempt without an answer among them.
    const failed = answer.topicErrors.filter(({ errorCode }) => errorCode !== KAFKA_ERROR.INVALID_PARTITIONS)
    checkTopics(client, 'add partitions to', failed)
  }
  await waitForLeaders(client, new Map([[topic, partitions]]))
}

/** Resolves when they are gone from the metadata, so that they can be created anew. */
export async function deleteTopics(client: ClusterClient, topics: readonly string[]): Promise<void> {
  const answer = await onController<TopicErrors>(client, 'DeleteTopics', { topics, timeout: CONTROLLER_TIMEOUT_MS })
  const failed = answer.topicErrors.filter(({ errorCode }) => errorCode !== KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION)
  checkTopics(client, 'delete', failed)
  const { topicMetadata } = await client.metadata(topics)
  if (topicMetadata.some(({ topicErrorCode }) => topicErrorCode === 0)) client.check(KAFKA_ERROR.LEADER_NOT_AVAILABLE)
}

async function onController<T>(
  client: ClusterClient,
  api: 'CreateTopics' | 'CreatePartitions' | 'DeleteTopics',
  args: object,
): Promise<T> {
  await client.metadata([])
  return await client.call<T>(await client.controller(), api, args)
}

/**
 * Throws what passes, so that the caller asks again, until every partition has a leader that serves it: for a moment a
 * leader that is known to all does not know of its new partition yet.
 */
async function waitForLeaders(client: ClusterClient, partitions: ReadonlyMap<string, number>): Promise<void> {
  await Promise.all(
    [...partitions].map(async ([topic, count]) => {
      const bounds = await logBounds(client, topic, 'all').catch(passingWhileUnknown(client))
      if (bounds.length < count) client.check(KAFKA_ERROR.LEADER_NOT_AVAILABLE)
    }),
  )
}

/** Right after its creation a topic may be unknown to the broker that is asked. */
function passingWhileUnknown(client: ClusterClient): (error: unknown) => never {
  return (error) => {
    if (errorTypeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') throw client.errorOf(KAFKA_ERROR.LEADER_NOT_AVAILABLE)
    throw error
  }
}

function checkTopics(client: ClusterClient, doing: string, errors: TopicErrors['topicErrors']): void {
  for (const { topic, errorCode, errorMessage } of errors) {
    if (errorCode === 0) continue
    const error = client.context.kafkajs.errorOfCode(errorCode)
    if (isPassing(error) || error.type === 'INVALID_TOPIC_EXCEPTION') throw error
    throw new TowlineError(
      'TOWLINE_TOPIC_MISCONFIGURED',
      `Kafka refused to ${doing} topic "${topic}": ${errorMessage ?? error.message} (${error.type})`,
      {
        value: topic,
        cause: error,
      },
    )
  }
}
