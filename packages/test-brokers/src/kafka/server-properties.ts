export interface ServerAddresses {
  readonly clientPort: number
  /** What clients are told: that of a proxy in front. Default: `clientPort`. */
  readonly advertisedPort?: number
  readonly controllerPort: number
  readonly dataFolder: string
  /** More, or others than those below. */
  readonly settings?: Readonly<Record<string, string>>
}

/** The settings of a Kafka that is broker and controller in one process, on loopback, for tests. */
export function serverProperties(addresses: ServerAddresses): string {
  const { clientPort, controllerPort, dataFolder, advertisedPort = clientPort, settings: others } = addresses
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${clientPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${advertisedPort}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': dataFolder,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    ...others,
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
