import { type DevBroker, startBroker } from './broker.ts'
import { type BrokerOptions, integerOption } from './broker-options.ts'
import { type DevRegistry, startRegistry } from './registry/start-registry.ts'

export interface StartDevBrokerOptions extends BrokerOptions {
  /** 0 takes a free one. Default: 8081. */
  readonly registryPort?: number
}

/** A running broker with its registry. */
export interface DevBrokerWithRegistry extends AsyncDisposable {
  /** `127.0.0.1:9092`; with several nodes all of them, separated by commas. */
  readonly brokers: string
  /** `http://127.0.0.1:8081` */
  readonly registryUrl: string
  readonly broker: DevBroker
  readonly registry: DevRegistry
  /** Stops both. Safe to repeat. */
  stop(): Promise<void>
}

/**
 * Starts a broker and an Avro schema registry in this process, on the same host.
 * @throws DevBrokerError when an option is out of bounds, the host is not loopback, or a port cannot be had
 */
export async function startDevBroker(options: StartDevBrokerOptions = {}): Promise<DevBrokerWithRegistry> {
  const registryPort = integerOption('registryPort', options.registryPort ?? 8081, 0, 65_535)
  const broker = await startBroker(options)
  const registry = await startRegistry({
    host: broker.host,
    port: registryPort,
    dataDir: options.dataDir ?? null,
    ...(options.log === undefined ? {} : { log: options.log }),
  }).catch(async (error: unknown) => {
    await broker.stop()
    throw error
  })
  const stop = async (): Promise<void> => {
    await Promise.all([broker.stop(), registry.stop()])
  }
  return {
    brokers: broker.addresses.join(','),
    registryUrl: registry.url,
    broker,
    registry,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
