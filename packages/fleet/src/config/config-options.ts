import { checkNamespace, isTowlineError, parseDuration } from '@towline/contracts'
import { z } from 'zod'
import { LOG_LEVELS, type LogLevel, SASL_MECHANISMS, type SaslMechanism } from './towline-config.ts'

/** One setting: where else it may be given, what it must be, and how its text or value is read. */
export interface ConfigOption<T> {
  readonly variable: string
  readonly flag?: string
  /** Completes the sentence "`<option>` must be …". */
  readonly bound: string
  /** Its value is never shown. */
  readonly isSecret?: true
  readonly schema: z.ZodType<T>
}

/** A value of every option, by its path in the file. Flags and variables are text; the file may hold typed values. */
export interface OptionValues {
  readonly brokers: readonly string[]
  readonly 'registry.url': string
  readonly 'registry.username': string
  readonly 'registry.password': string
  readonly namespace: string
  readonly clientId: string
  readonly ssl: boolean
  readonly 'sasl.mechanism': SaslMechanism
  readonly 'sasl.username': string
  readonly 'sasl.password': string
  readonly 'topics.partitions.tasks': number
  readonly 'topics.partitions.retry': number
  readonly 'topics.partitions.dlq': number
  readonly 'topics.partitions.results': number
  readonly 'topics.partitions.events': number
  readonly 'topics.partitions.replay': number
  readonly 'topics.retention': number
  readonly 'topics.deadLetterRetention': number
  readonly 'topics.lagBound': number
  readonly 'topics.maxMessageBytes': number
  readonly 'producer.deliveryTimeout': number
  readonly 'producer.maxBufferedBytes': number
  readonly 'runner.drain': number
  readonly 'runner.maxInFlight': number
  readonly 'runner.runnerId': string
  readonly 'log.level': LogLevel
}

export type OptionName = keyof OptionValues

const ADDRESS = /^(\[[0-9a-f:]+\]|[^\s:,/@[\]]+):([1-9][0-9]{0,4})$/i

const filled = z.string().min(1)

/** Every option, in the order `docs/configuration.md` lists them. */
export const CONFIG_OPTIONS: { readonly [Name in OptionName]: ConfigOption<OptionValues[Name]> } = {
  brokers: {
    variable: 'TOWLINE_BROKERS',
    flag: '--brokers',
    bound: 'one or more host:port, comma-separated',
    schema: z
      .union([z.string(), z.array(z.string())])
      .transform((value) => (typeof value === 'string' ? value.split(',') : value).map((item) => item.trim()))
      .pipe(z.array(z.string().refine(isAddress)).min(1)),
  },
  'registry.url': {
    variable: 'TOWLINE_REGISTRY',
    flag: '--registry',
    bound: 'an http or https URL',
    schema: z.url({ protocol: /^https?$/ }),
  },
  'registry.username': { variable: 'TOWLINE_REGISTRY_USERNAME', bound: 'text', schema: filled },
  'registry.password': { variable: 'TOWLINE_REGISTRY_PASSWORD', bound: 'text', isSecret: true, schema: filled },
  namespace: {
    variable: 'TOWLINE_NAMESPACE',
    flag: '--namespace',
    bound: '[a-z][a-z0-9-]*, at most 100 characters, and not a reserved word',
    schema: z.string().refine(isNamespace),
  },
  clientId: {
    variable: 'TOWLINE_CLIENT_ID',
    bound: 'letters, digits, dots, dashes and underscores',
    schema: z.string().regex(/^[\w.-]{1,200}$/),
  },
  ssl: {
    variable: 'TOWLINE_SSL',
    bound: 'true or false',
    schema: z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]),
  },
  'sasl.mechanism': {
    variable: 'TOWLINE_SASL_MECHANISM',
    bound: `one of ${SASL_MECHANISMS.join(', ')}`,
    schema: z.enum(SASL_MECHANISMS),
  },
  'sasl.username': { variable: 'TOWLINE_SASL_USERNAME', bound: 'text', schema: filled },
  'sasl.password': { variable: 'TOWLINE_SASL_PASSWORD', bound: 'text', isSecret: true, schema: filled },
  'topics.partitions.tasks': partitions('TASKS'),
  'topics.partitions.retry': partitions('RETRY'),
  'topics.partitions.dlq': partitions('DLQ'),
  'topics.partitions.results': partitions('RESULTS'),
  'topics.partitions.events': partitions('EVENTS'),
  'topics.partitions.replay': partitions('REPLAY'),
  'topics.retention': duration('TOWLINE_RETENTION', '7d'),
  'topics.deadLetterRetention': duration('TOWLINE_DEAD_LETTER_RETENTION', '90d'),
  'topics.lagBound': duration('TOWLINE_LAG_BOUND', '1h'),
  'topics.maxMessageBytes': wholeNumber('TOWLINE_MAX_MESSAGE_BYTES', 65_536, 1_073_741_824),
  'producer.deliveryTimeout': duration('TOWLINE_DELIVERY_TIMEOUT', '2m'),
  'producer.maxBufferedBytes': wholeNumber('TOWLINE_MAX_BUFFERED_BYTES', 1_048_576, 4_294_967_296),
  'runner.drain': duration('TOWLINE_DRAIN', '25s'),
  'runner.maxInFlight': wholeNumber('TOWLINE_MAX_IN_FLIGHT', 1, 1_000_000),
  'runner.runnerId': {
    variable: 'TOWLINE_RUNNER_ID',
    bound: 'text of 1 to 128 characters',
    schema: z.string().min(1).max(128),
  },
  'log.level': {
    variable: 'TOWLINE_LOG_LEVEL',
    flag: '--log-level',
    bound: `one of ${LOG_LEVELS.join(', ')}`,
    schema: z.enum(LOG_LEVELS),
  },
}

export const OPTION_NAMES = Object.keys(CONFIG_OPTIONS) as readonly OptionName[]

function partitions(kind: string): ConfigOption<number> {
  return wholeNumber(`TOWLINE_PARTITIONS_${kind}`, 1, 10_000)
}

function wholeNumber(variable: string, min: number, max: number): ConfigOption<number> {
  const schema = z.union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ])
  return {
    variable,
    bound: `a whole number from ${min} to ${max}`,
    schema: schema.pipe(z.number().int().min(min).max(max)),
  }
}

/** Milliseconds of a text such as the example. */
function duration(variable: string, example: string): ConfigOption<number> {
  const schema = z.string().refine(isDuration)
  return {
    variable,
    bound: `a duration such as '${example}'`,
    schema: schema.transform((text) => parseDuration(text, variable)),
  }
}

function isAddress(text: string): boolean {
  const port = Number(ADDRESS.exec(text)?.[2])
  return port >= 1 && port <= 65_535
}

function isNamespace(text: string): boolean {
  return isAccepted(() => checkNamespace(text))
}

function isDuration(text: string): boolean {
  return isAccepted(() => parseDuration(text, 'duration'))
}

function isAccepted(check: () => void): boolean {
  try {
    check()
    return true
  } catch (error) {
    if (isTowlineError(error)) return false
    throw error
  }
}
