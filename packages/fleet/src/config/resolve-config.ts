import { type Agent, type AgentType, TowlineError } from '@towline/contracts'
import type { PlannedKind } from '@towline/kafka'
import { checkConfig, optionsOf } from './check-config.ts'
import { CONFIG_OPTIONS, OPTION_NAMES, type OptionName, type OptionValues } from './config-options.ts'
import { readOption } from './option-value.ts'
import type { LogLevel, SaslMechanism, TowlineConfig } from './towline-config.ts'

/** The environment, as `process.env` has it. */
export type Env = Readonly<Record<string, string | undefined>>

/** Values given by flags, by option name; they win over everything. */
export type ConfigOverrides = { readonly [Name in OptionName]?: string | undefined }

export interface Credentials {
  readonly username: string
  readonly password: string
}

/** One type per mechanism, as Kafka clients have it. */
export type SaslCredentials = {
  [Mechanism in SaslMechanism]: Credentials & { readonly mechanism: Mechanism }
}[SaslMechanism]

/** What is undefined follows the defaults of the topic plan. */
export interface ResolvedTopics {
  /** Only those that were asked for. */
  readonly partitions: Partial<Readonly<Record<PlannedKind, number>>>
  readonly retentionMs: number | undefined
  readonly deadLetterRetentionMs: number | undefined
  readonly lagBoundMs: number | undefined
  readonly maxMessageBytes: number | undefined
}

/** A configuration with nothing left open. */
export interface ResolvedConfig {
  readonly brokers: readonly string[]
  readonly registry: { readonly url: string; readonly auth: Credentials | undefined }
  readonly namespace: string | undefined
  readonly clientId: string
  readonly ssl: boolean
  readonly sasl: SaslCredentials | undefined
  readonly agents: readonly Agent[]
  /** The types of `agents`, and those whose handlers run elsewhere. */
  readonly agentTypes: readonly AgentType<unknown, unknown>[]
  readonly topics: ResolvedTopics
  readonly producer: { readonly deliveryTimeoutMs: number; readonly maxBufferedBytes: number }
  readonly runner: { readonly drainMs: number; readonly maxInFlight: number; readonly runnerId: string | undefined }
  readonly logLevel: LogLevel
}

const DEFAULT_DELIVERY_TIMEOUT_MS = 120_000
const DEFAULT_MAX_BUFFERED_BYTES = 32 * 1024 * 1024
const DEFAULT_DRAIN_MS = 25_000
const DEFAULT_MAX_IN_FLIGHT = 2_000

/**
 * Settles every option: flag > environment > file > default.
 *
 * @param file What errors about `config` call it.
 * @throws TowlineError TOWLINE_CONFIG_INVALID, TOWLINE_OPTION_INVALID
 */
export function resolveConfig(
  config: TowlineConfig,
  overrides: ConfigOverrides = {},
  env: Env = {},
  file = 'the configuration',
): ResolvedConfig {
  const values = settle(checkConfig(config, file), overrides, env, file)
  const agents = config.agents ?? []
  return {
    brokers: values.brokers ?? ['127.0.0.1:9092'],
    registry: registryOf(values),
    namespace: values.namespace,
    clientId: values.clientId ?? 'towline',
    ssl: values.ssl ?? false,
    sasl: saslOf(values),
    agents,
    agentTypes: [...new Set([...agents.map((agent) => agent.agentType), ...(config.agentTypes ?? [])])],
    topics: topicsOf(values),
    producer: {
      deliveryTimeoutMs: values['producer.deliveryTimeout'] ?? DEFAULT_DELIVERY_TIMEOUT_MS,
      maxBufferedBytes: values['producer.maxBufferedBytes'] ?? DEFAULT_MAX_BUFFERED_BYTES,
    },
    runner: {
      drainMs: values['runner.drain'] ?? DEFAULT_DRAIN_MS,
      maxInFlight: values['runner.maxInFlight'] ?? DEFAULT_MAX_IN_FLIGHT,
      runnerId: values['runner.runnerId'],
    },
    logLevel: values['log.level'] ?? 'info',
  }
}

type Settled = { readonly [Name in OptionName]?: OptionValues[Name] }

function settle(config: TowlineConfig, overrides: ConfigOverrides, env: Env, file: string): Settled {
  const fromFile = optionsOf(config)
  const settled: Partial<Record<OptionName, unknown>> = {}
  for (const name of OPTION_NAMES) {
    const variable = env[CONFIG_OPTIONS[name].variable]
    if (overrides[name] !== undefined) settled[name] = readOption(name, overrides[name], { kind: 'flag' })
    else if (variable !== undefined && variable !== '')
      settled[name] = readOption(name, variable, { kind: 'environment' })
    else if (fromFile[name] !== undefined) settled[name] = readOption(name, fromFile[name], { kind: 'file', file })
  }
  return settled as Settled
}

/** Credentials may stand in the URL too; they are taken out of it, so that no log line or error ever shows them. */
function registryOf(values: Settled): ResolvedConfig['registry'] {
  const url = new URL(values['registry.url'] ?? 'http://127.0.0.1:8081')
  const username = values['registry.username'] ?? decodeURIComponent(url.username)
  const password = values['registry.password'] ?? decodeURIComponent(url.password)
  if ((username === '') !== (password === '')) throw incomplete('registry', ['registry.username', 'registry.password'])
  url.username = ''
  url.password = ''
  return { url: url.href.replace(/\/$/, ''), auth: username === '' ? undefined : { username, password } }
}

const PLANNED_KINDS = ['tasks', 'retry', 'dlq', 'results', 'events', 'replay'] as const

function topicsOf(values: Settled): ResolvedTopics {
  const asked = PLANNED_KINDS.map((kind) => [kind, values[`topics.partitions.${kind}`]] as const)
  return {
    partitions: Object.fromEntries(asked.filter(([, count]) => count !== undefined)),
    retentionMs: values['topics.retention'],
    deadLetterRetentionMs: values['topics.deadLetterRetention'],
    lagBoundMs: values['topics.lagBound'],
    maxMessageBytes: values['topics.maxMessageBytes'],
  }
}

function saslOf(values: Settled): ResolvedConfig['sasl'] {
  const mechanism = values['sasl.mechanism']
  const username = values['sasl.username']
  const password = values['sasl.password']
  if (mechanism === undefined && username === undefined && password === undefined) return undefined
  if (mechanism === undefined || username === undefined || password === undefined) {
    throw incomplete('sasl', ['sasl.mechanism', 'sasl.username', 'sasl.password'])
  }
  return { mechanism, username, password } as SaslCredentials
}

function incomplete(what: string, names: readonly OptionName[]): TowlineError {
  const variables = names.map((name) => `${name} (variable ${CONFIG_OPTIONS[name].variable})`)
  return new TowlineError('TOWLINE_OPTION_INVALID', `${what} is only partly given`, {
    bound: names.join(', '),
    wayOut: `Give all of ${variables.join(', ')}, or none`,
  })
}
