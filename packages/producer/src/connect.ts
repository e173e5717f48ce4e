import { createSchemaRegistry } from '@towline/kafka'
import { connectKafka } from '@towline/kafka/kafkajs'
import { type ConnectOptions, resolveConnectOptions } from './options.ts'
import { Towline } from './towline.ts'

/**
 * Connects to Kafka. The schema registry is first asked when something is published.
 *
 * ```ts
 * await using towline = await connect({ brokers: '127.0.0.1:9092', registry: 'http://127.0.0.1:8081' })
 * const task = await towline.publish(researcher, { url }, { key: sessionId, deadline: '1h' })
 * const report = await task.result({ timeout: '30s' })
 * ```
 *
 * @throws TowlineError TOWLINE_OPTION_INVALID, TOWLINE_NAME_INVALID, TOWLINE_BROKER_UNAVAILABLE
 */
export async function connect(options: ConnectOptions = {}): Promise<Towline> {
  const resolved = resolveConnectOptions(options, process.env)
  const { brokers, clientId, registry: url, registryAuth, ssl, sasl, log, clock } = resolved
  const logged = log === undefined ? {} : { log }
  const auth = registryAuth === undefined ? {} : { auth: registryAuth }
  const security = { ...(ssl === undefined ? {} : { ssl }), ...(sasl === undefined ? {} : { sasl }) }
  const registry = createSchemaRegistry({ url, clock, ...auth, ...logged })
  try {
    const driver = connectKafka({ brokers, clientId, ...security, ...logged })
    const producer = await driver.producer()
    const { namespace, registerSchemas, deliveryTimeoutMs, maxBufferedBytes } = resolved
    const limits = { deliveryTimeoutMs, maxBufferedBytes }
    return new Towline({ driver, producer, registry, clock, namespace, registerSchemas, log, ...limits })
  } catch (error) {
    await registry.close()
    throw error
  }
}
