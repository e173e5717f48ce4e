import { type DevRegistry, type Faults, startBroker, startRegistry } from '@towline/dev-broker'
import { givenKafka } from './kafka/given-kafka.ts'

export interface RunningBroker extends AsyncDisposable {
  readonly kind: 'dev-broker' | 'kafka'
  /** `host:port` of each broker. */
  readonly brokers: string[]
  /** The URL of a schema registry that is this broker's alone; always the dev broker's. */
  readonly registry: string
  /** Makes the registry hang, fail or refuse. */
  readonly registryFaults: DevRegistry['faults']
  /** Scripted misbehaviour; the dev broker alone has it. */
  readonly faults?: Faults
  /** Ends what `start` began: never a broker that was given. May be called twice. */
  stop(): Promise<void>
}

/** A broker integration suites run on. */
export interface TestBroker {
  /** For the names of suites. */
  readonly name: string
  /** A dev broker is a new one each time; a Kafka is shared, so use names of your own (see `uniqueNamespace`). */
  start(): Promise<RunningBroker>
}

/**
 * The brokers every integration suite runs on: the dev broker, and the Kafka TOWLINE_BROKERS names.
 *
 * @example
 * describe.each(testBrokers())('on $name', ({ start }) => {
 *   const namespace = uniqueNamespace()
 *   …
 * })
 */
export function testBrokers(env: Readonly<Record<string, string | undefined>> = process.env): TestBroker[] {
  const given = givenKafka(env)
  const devBroker: TestBroker = { name: 'dev broker', start: () => startDevCluster(1) }
  if (given.kind === 'none') return [devBroker]
  const { brokers } = given.kafka
  return [devBroker, { name: 'Apache Kafka', start: () => beside(brokers) }]
}

/** A dev broker of several nodes: leaders and coordinators are spread over them, and `faults` stops and moves them. */
export async function startDevCluster(nodes: number): Promise<RunningBroker & { readonly faults: Faults }> {
  const registry = await startRegistry({ port: 0 })
  const broker = await startBroker({ port: 0, nodes })
  const stop = async (): Promise<void> => {
    await Promise.all([broker.stop(), registry.stop()])
  }
  return {
    kind: 'dev-broker',
    brokers: [...broker.addresses],
    registry: registry.url,
    registryFaults: registry.faults,
    faults: broker.faults,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function beside(brokers: string): Promise<RunningBroker> {
  const registry = await startRegistry({ port: 0 })
  const stop = (): Promise<void> => registry.stop()
  return {
    kind: 'kafka',
    brokers: brokers.split(',').map((address) => address.trim()),
    registry: registry.url,
    registryFaults: registry.faults,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
