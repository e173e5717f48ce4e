import type { Logger as KafkajsLogger } from 'kafkajs'
import { brokerUnavailable } from '../../ports/port-errors.ts'
import { CONNECT_TIMEOUT_MS, type DriverContext } from '../connection-settings.ts'
import { errorTypeOf } from '../kafka-error.ts'
import type { ApiName, Broker, ConnectionPoolBuilder, ProtocolError } from '../kafkajs-internals.ts'
import { kafkajsLog } from '../kafkajs-log.ts'
import { KAFKA_ERROR } from '../protocol/error-codes.ts'
import { socketFactory } from '../socket-factory.ts'
import { type BrokerAddress, type ClusterMetadata, readMetadata } from './metadata.ts'

export interface ClusterClientOptions {
  readonly requestTimeoutMs: number
}

/**
 * Connections to the nodes of one cluster, for requests that carry their own errors: every answer comes back whole,
 * with Kafka's error code per topic and partition, and nothing is retried here. kafkajs's `Cluster` refuses the whole
 * metadata when one topic of it has an error, retries inside, and asks for topics it was once told about for ever.
 */
export class ClusterClient {
  readonly brokers: readonly string[]
  readonly context: DriverContext
  readonly #pools: ConnectionPoolBuilder
  readonly #logger: KafkajsLogger
  readonly #nodes = new Map<number, { address: BrokerAddress; broker: Broker }>()
  readonly #coordinators = new Map<string, number>()
  #seed: Broker | null = null
  #nextSeed = 0
  #controllerId = -1
  #closed = false

  constructor(context: DriverContext, { requestTimeoutMs }: ClusterClientOptions) {
    const { connection, kafkajs } = context
    const { logLevel, logCreator } = kafkajsLog(connection.log)
    this.context = context
    this.brokers = connection.brokers
    this.#logger = kafkajs.createLogger({ level: logLevel, logCreator })
    this.#pools = kafkajs.connectionPoolBuilder({
      socketFactory: socketFactory(),
      brokers: connection.brokers,
      ssl: connection.ssl,
      sasl: connection.sasl,
      clientId: connection.clientId,
      requestTimeout: requestTimeoutMs,
      enforceRequestTimeout: true,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      logger: this.#logger,
    })
  }

  /** Sends one request and answers what the broker answered, its error codes unread. */
  async call<T>(broker: Broker, api: ApiName, args: object): Promise<T> {
    const { apiKeys, requests } = this.context.kafkajs
    const wire = broker.lookupRequest(apiKeys[api], requests[api])(args)
    const response = { decode: wire.response.decode, parse: (decoded: T) => Promise.resolve(decoded) }
    return (await broker.connectionPool.send({ ...wire, response, logResponseError: false })) as T
  }

  /** Throws Kafka's error when `code` is one. */
  check(code: number): void {
    if (code !== KAFKA_ERROR.NONE) throw this.errorOf(code)
  }

  /** kafkajs's error for a code of Kafka's. */
  errorOf(code: number): ProtocolError {
    return this.context.kafkajs.errorOfCode(code)
  }

  /** Some connected broker. @throws TowlineError TOWLINE_BROKER_UNAVAILABLE when none answers, each tried once. */
  async any(): Promise<Broker> {
    let last: unknown
    for (const connect of [...this.#knownNodes(), ...this.#seeds()]) {
      try {
        return await connect()
      } catch (error) {
        last = error
      }
    }
    throw brokerUnavailable(this.brokers, last)
  }

  /** The broker of that node id, connected. */
  async node(nodeId: number): Promise<Broker> {
    if (!this.#nodes.has(nodeId)) await this.metadata([])
    const node = this.#nodes.get(nodeId)
    if (node === undefined) throw this.errorOf(KAFKA_ERROR.BROKER_NOT_AVAILABLE)
    return await this.#connected(node.broker)
  }

  async controller(): Promise<Broker> {
    if (this.#controllerId < 0) await this.metadata([])
    return await this.node(this.#controllerId)
  }

  /** The coordinator of a group; remembered until {@link forgetCoordinator}. */
  async coordinator(groupId: string): Promise<Broker> {
    let nodeId = this.#coordinators.get(groupId)
    if (nodeId === undefined) {
      const answer = await this.call<{ errorCode: number; coordinator: { nodeId: number } }>(
        await this.any(),
        'GroupCoordinator',
        { groupId },
      )
      this.check(answer.errorCode)
      nodeId = answer.coordinator.nodeId
      this.#coordinators.set(groupId, nodeId)
    }
    return await this.node(nodeId)
  }

  forgetCoordinator(groupId: string): void {
    this.#coordinators.delete(groupId)
  }

  /** Asks anew; `all` for every topic, an empty list for the brokers alone. */
  async metadata(topics: readonly string[] | 'all'): Promise<ClusterMetadata> {
    const metadata = await readMetadata(this, await this.any(), topics)
    this.#controllerId = metadata.controllerId
    for (const address of metadata.brokers) await this.#learn(address)
    for (const [nodeId, { broker }] of this.#nodes) {
      if (metadata.brokers.some((each) => each.nodeId === nodeId)) continue
      this.#nodes.delete(nodeId)
      await broker.disconnect()
    }
    return metadata
  }

  async close(): Promise<void> {
    this.#closed = true
    const brokers = [...this.#nodes.values()].map(({ broker }) => broker)
    if (this.#seed !== null) brokers.push(this.#seed)
    this.#nodes.clear()
    this.#seed = null
    await Promise.all(brokers.map((broker) => broker.disconnect()))
  }

  /** After a lost connection the coordinator may be another one; the next call asks. */
  forgetAfter(thrown: unknown, groupId: string): void {
    if (errorTypeOf(thrown) !== 'GROUP_LOAD_IN_PROGRESS') this.forgetCoordinator(groupId)
  }

  #knownNodes(): (() => Promise<Broker>)[] {
    const brokers = [...this.#nodes.values()].map(({ broker }) => broker)
    const connectedFirst = brokers.toSorted((a, b) => Number(b.isConnected()) - Number(a.isConnected()))
    return connectedFirst.map((broker) => () => this.#connected(broker))
  }

  #seeds(): (() => Promise<Broker>)[] {
    return this.brokers.map(() => async () => {
      const { host, port } = addressOf(this.brokers[this.#nextSeed % this.brokers.length] ?? '')
      const previous = this.#seed
      this.#seed = await this.#create(host, port, null)
      this.#nextSeed += 1
      await previous?.disconnect()
      return await this.#connected(this.#seed)
    })
  }

  async #learn(address: BrokerAddress): Promise<void> {
    const known = this.#nodes.get(address.nodeId)
    if (known?.address.host === address.host && known.address.port === address.port) return
    const broker = this.#adoptSeed(address) ?? (await this.#create(address.host, address.port, address.nodeId))
    this.#nodes.set(address.nodeId, { address, broker })
    await known?.broker.disconnect()
  }

  #adoptSeed({ host, port }: BrokerAddress): Broker | null {
    const seed = this.#seed
    if (seed?.connectionPool.host !== host || seed.connectionPool.port !== port) return null
    this.#seed = null
    return seed
  }

  async #create(host: string, port: number, nodeId: number | null): Promise<Broker> {
    const connectionPool = await this.#pools.build({ host, port })
    return new this.context.kafkajs.Broker({
      connectionPool,
      logger: this.#logger,
      nodeId,
      allowAutoTopicCreation: false,
    })
  }

  async #connected(broker: Broker): Promise<Broker> {
    if (this.#closed) throw brokerUnavailable(this.brokers, new Error('the connection was closed'))
    try {
      // Also where isConnected says so: it does before the broker's versions are known, and this waits for them.
      await broker.connect()
      return broker
    } catch (error) {
      await broker.disconnect()
      throw error
    }
  }
}

function addressOf(broker: string): { host: string; port: number } {
  const colon = broker.lastIndexOf(':')
  const host = colon < 0 ? broker : broker.slice(0, colon)
  return { host: host.replace(/^\[|\]$/g, ''), port: colon < 0 ? 9092 : Number(broker.slice(colon + 1)) }
}
