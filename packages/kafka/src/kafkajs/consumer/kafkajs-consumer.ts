import { resolveConsumerOptions } from '../../consuming/consumer-defaults.ts'
import { GroupConsumer } from '../../consuming/group-consumer.ts'
import type { ConsumerOptions, ConsumerPort } from '../../ports/consumer-port.ts'
import { ClusterClient } from '../cluster/cluster-client.ts'
import { leadersOf } from '../cluster/list-offsets.ts'
import { retrying } from '../cluster/retrying.ts'
import { CONSUMER_REQUEST_TIMEOUT_MS, type DriverContext } from '../connection-settings.ts'
import { towlineErrorOf } from '../kafka-error.ts'
import { ConsumerRun } from './consumer-run.ts'

/** How long the topic's metadata is asked for before a start is given up. */
const START_BUDGET_MS = 5_000

export function kafkajsConsumer(context: DriverContext, options: ConsumerOptions): ConsumerPort {
  const resolved = resolveConsumerOptions(options)
  return new GroupConsumer(async () => {
    const client = await reachTopic(context, options.topic)
    return { run: (handlers) => new ConsumerRun(resolved, client, handlers), close: () => client.close() }
  })
}

/** kafkajs would look for an unknown topic, or an absent broker, for minutes. */
async function reachTopic(context: DriverContext, topic: string): Promise<ClusterClient> {
  const client = new ClusterClient(context, { requestTimeoutMs: CONSUMER_REQUEST_TIMEOUT_MS })
  try {
    await retrying(() => leadersOf(client, topic), { budgetMs: START_BUDGET_MS })
    return client
  } catch (error) {
    await client.close()
    throw towlineErrorOf(error, { doing: 'consume', subject: topic, brokers: client.brokers })
  }
}
