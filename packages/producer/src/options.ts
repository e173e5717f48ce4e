import type { ConnectionOptions } from 'node:tls'
import { type Clock, checkNamespace, type Logger, TowlineError } from '@towline/contracts'
import { type RegistryCredentials, systemClock } from '@towline/kafka'

interface Login {
  readonly username: string
  readonly password: string
}

/** How to log in to Kafka. */
export type SaslOptions =
  | ({ readonly mechanism: 'plain' } & Login)
  | ({ readonly mechanism: 'scram-sha-256' } & Login)
  | ({ readonly mechanism: 'scram-sha-512' } & Login)

/** How to reach Kafka and the schema registry, and how to publish. */
export interface ConnectOptions {
  /** `host:port` of one or more brokers, as a list or separated by commas. Default: TOWLINE_BROKERS. */
  readonly brokers?: string | readonly string[]
  /** URL of the schema registry. Default: TOWLINE_REGISTRY. */
  readonly registry?: string
  readonly registryAuth?: RegistryCredentials
  /** Stands before every topic and subject. Default: TOWLINE_NAMESPACE, else none. */
  readonly namespace?: string
  /** The name brokers log and count requests under. Default `'towline'`. */
  readonly clientId?: string
  /** True, or what `node:tls` takes. Default: no TLS. */
  readonly ssl?: boolean | ConnectionOptions
  /** Default: no login. */
  readonly sasl?: SaslOptions
  /** Default: nobody is told. */
  readonly log?: Logger
  /** How long a record may wait for its acknowledgement, retries included. Default 120,000. */
  readonly deliveryTimeoutMs?: number
  /** Most bytes waiting or unacknowledged; beyond it a publish rejects with TOWLINE_PRODUCER_FULL. Default 32 MiB. */
  readonly maxBufferedBytes?: number
  /** Registers schemas that the registry does not have, as development and tests do. Default false. */
  readonly registerSchemas?: boolean
  /** Default: the machine's. */
  readonly clock?: Clock
}

/** Every option that has a default is there. */
export interface ResolvedConnectOptions
  extends Pick<ConnectOptions, 'registryAuth' | 'ssl' | 'sasl' | 'log'>,
    Required<
      Pick<
        ConnectOptions,
        'registry' | 'clientId' | 'deliveryTimeoutMs' | 'maxBufferedBytes' | 'registerSchemas' | 'clock'
      >
    > {
  readonly brokers: string[]
  readonly namespace: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Option before environment before default; an empty variable counts as unset.
 *
 * @throws TowlineError TOWLINE_OPTION_INVALID, TOWLINE_NAME_INVALID
 */
export function resolveConnectOptions(options: ConnectOptions, env: Environment): ResolvedConnectOptions {
  const brokers = brokerList(options.brokers ?? (env['TOWLINE_BROKERS'] || undefined))
  const registry = options.registry ?? (env['TOWLINE_REGISTRY'] || undefined)
  const namespace = options.namespace ?? (env['TOWLINE_NAMESPACE'] || undefined)
  if (registry === undefined) throw missing('registry', 'TOWLINE_REGISTRY', "'http://127.0.0.1:8081'")
  if (namespace !== undefined) checkNamespace(namespace)
  return {
    ...options,
    brokers,
    registry,
    namespace,
    clientId: options.clientId ?? 'towline',
    deliveryTimeoutMs: atLeastOne('deliveryTimeoutMs', options.deliveryTimeoutMs ?? 120_000),
    maxBufferedBytes: atLeastOne('maxBufferedBytes', options.maxBufferedBytes ?? 32 * 1024 * 1024),
    registerSchemas: options.registerSchemas ?? false,
    clock: options.clock ?? systemClock,
  }
}

function brokerList(brokers: string | readonly string[] | undefined): string[] {
  const list = (typeof brokers === 'string' ? brokers.split(',') : (brokers ?? []))
    .map((address) => address.trim())
    .filter((address) => address !== '')
  if (list.length === 0) throw missing('brokers', 'TOWLINE_BROKERS', "'127.0.0.1:9092'")
  return list
}

function missing(option: string, variable: string, example: string): TowlineError {
  return new TowlineError('TOWLINE_OPTION_INVALID', `${option} is not given`, {
    wayOut: `Set option ${option} or ${variable}, for example ${example}`,
  })
}

function atLeastOne(option: string, value: number): number {
  if (Number.isFinite(value) && value >= 1) return value
  throw new TowlineError('TOWLINE_OPTION_INVALID', `${option} must be at least 1, got ${value} (option ${option})`, {
    value,
    bound: 1,
  })
}
