import type { Logger } from '@towline/contracts'
import {
  type AdminPort,
  createRecordSender,
  createSchemaRegistry,
  type KafkaDriver,
  type ProducerPort,
  type ReaderPort,
  type RecordSender,
  type RegistryClient,
} from '@towline/kafka'
import type { Towline } from '@towline/producer'
import type { ResolvedConfig } from './config/resolve-config.ts'
import type { FleetEnvironment } from './fleet.ts'
import { given } from './given.ts'
import { LazyResource } from './lazy-resource.ts'

/** Everything a fleet talks to, each connected when it is first asked for and closed together. */
export class ClusterConnections {
  readonly driver: LazyResource<KafkaDriver>
  readonly admin: LazyResource<AdminPort>
  readonly reader: LazyResource<ReaderPort>
  readonly sender: LazyResource<RecordSender>
  readonly schemas: RegistryClient
  readonly #config: ResolvedConfig
  readonly #environment: FleetEnvironment
  readonly #producer: LazyResource<ProducerPort>

  constructor(config: ResolvedConfig, environment: FleetEnvironment) {
    const { clock, log, driver } = environment
    const connect = async (): Promise<KafkaDriver> => driver ?? (await connectDriver(config, log))
    this.driver = new LazyResource(connect, async () => {})
    this.admin = this.#port((made) => made.admin())
    this.reader = this.#port((made) => made.reader())
    this.#producer = this.#port((made) => made.producer())
    this.sender = new LazyResource(
      async () => createRecordSender(await this.#producer.get(), { clock, ...config.producer }),
      (sender) => sender.close(),
    )
    this.#config = config
    this.#environment = environment
    this.schemas = this.#registry()
  }

  /** A producer of tasks over connections of its own, which it closes itself. */
  async towline(): Promise<Towline> {
    const config = this.#config
    const { clock, log } = this.#environment
    const { Towline } = await import('@towline/producer')
    const driver = await this.driver.get()
    return new Towline({
      driver,
      producer: await driver.producer(),
      registry: this.#registry(),
      clock,
      namespace: config.namespace,
      registerSchemas: false,
      ...config.producer,
      log,
    })
  }

  /** Sends what waits, then closes every connection. Safe to repeat. */
  async close(): Promise<void> {
    await this.sender.close()
    await Promise.all([this.#producer.close(), this.reader.close(), this.admin.close()])
    if (this.#environment.registry === undefined) await this.schemas.close()
    await this.driver.close()
  }

  #registry(): RegistryClient {
    const { registry, clock, log } = this.#environment
    if (registry !== undefined) return registry
    const { url, auth } = this.#config.registry
    return createSchemaRegistry({ url, log, clock, ...given({ auth }) })
  }

  #port<Port extends { close(): Promise<void> }>(make: (driver: KafkaDriver) => Promise<Port>): LazyResource<Port> {
    return new LazyResource(
      async () => await make(await this.driver.get()),
      (port) => port.close(),
    )
  }
}

/** The adapter is loaded only by those who connect: `towline --help` and a plan in code need no Kafka client. */
async function connectDriver(config: ResolvedConfig, log: Logger): Promise<KafkaDriver> {
  const { connectKafka } = await import('@towline/kafka/kafkajs')
  const { brokers, clientId, ssl, sasl } = config
  return connectKafka({ brokers, clientId, ssl, log, ...given({ sasl }) })
}
