import type { KafkaDriver } from '../ports/kafka-driver.ts'
import { KafkajsAdmin } from './admin/kafkajs-admin.ts'
import { ClusterClient } from './cluster/cluster-client.ts'
import { type DriverContext, type KafkaConnection, REQUEST_TIMEOUT_MS } from './connection-settings.ts'
import { kafkajsConsumer } from './consumer/kafkajs-consumer.ts'
import { type ClusterInspection, inspectCluster } from './inspect/inspect-cluster.ts'
import { towlineErrorOf } from './kafka-error.ts'
import { loadKafkajs } from './kafkajs-internals.ts'
import { applyPatches } from './patches/apply-patches.ts'
import { KafkajsProducer } from './producer/kafkajs-producer.ts'
import { KafkajsReader } from './reader/kafkajs-reader.ts'

export type { KafkaConnection } from './connection-settings.ts'
export type { ClusterInspection, NodeInspection } from './inspect/inspect-cluster.ts'
export { REQUIRED_API_COUNT, type UnsupportedApi } from './inspect/required-apis.ts'

const LOOP_RETRIES = 30

/**
 * Kafka through kafkajs. Opens no connection: each port opens its own when it is made or first used.
 *
 * @throws TowlineError TOWLINE_KAFKAJS_VERSION when the installed kafkajs is not the one whose faults are patched.
 */
export function connectKafka(connection: KafkaConnection): KafkaDriver {
  const context = contextOf(connection)
  const client = (): ClusterClient => new ClusterClient(context, { requestTimeoutMs: REQUEST_TIMEOUT_MS })
  return {
    consumer: (options) => kafkajsConsumer(context, options),
    producer: () => reached(client(), (connected) => new KafkajsProducer(connected)),
    reader: () => reached(client(), (connected) => new KafkajsReader(connected)),
    admin: () => reached(client(), (connected) => new KafkajsAdmin(connected)),
  }
}

/**
 * What every broker of a cluster is and serves, for diagnosis. Changes nothing; a broker that cannot be reached is part
 * of the answer.
 *
 * @throws TowlineError TOWLINE_KAFKAJS_VERSION as {@link connectKafka}
 */
export async function inspectKafka(connection: KafkaConnection): Promise<ClusterInspection> {
  return await inspectCluster(contextOf(connection))
}

function contextOf(connection: KafkaConnection): DriverContext {
  const kafkajs = loadKafkajs()
  applyPatches(kafkajs)
  return { connection, kafkajs, loopRetries: LOOP_RETRIES }
}

/** A port that is handed out has reached the cluster once. */
async function reached<Port>(client: ClusterClient, port: (client: ClusterClient) => Port): Promise<Port> {
  try {
    await client.metadata([])
    return port(client)
  } catch (error) {
    await client.close()
    throw towlineErrorOf(error, { doing: 'connect to', subject: client.brokers.join(','), brokers: client.brokers })
  }
}
