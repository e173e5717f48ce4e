// The topic settings Kafka 4 knows, their defaults and what it accepts for them. UNSUPPORTED.md says which have no effect here.

interface TopicConfig {
  readonly default: string
  readonly accepts: (value: string) => boolean
  /** What it accepts, in words. */
  readonly expects: string
}

const whole = (standard: string, least: number): TopicConfig => ({
  default: standard,
  accepts: (value) => /^-?\d+$/.test(value) && Number(value) >= least,
  expects: `a whole number of at least ${least}`,
})
const oneOf = (standard: string, ...choices: readonly string[]): TopicConfig => ({
  default: standard,
  accepts: (value) => choices.includes(value),
  expects: `one of ${choices.join(', ')}`,
})
const someOf = (standard: string, ...choices: readonly string[]): TopicConfig => ({
  default: standard,
  accepts: (value) => listOf(value).length > 0 && listOf(value).every((item) => choices.includes(item)),
  expects: `a list of ${choices.join(', ')}`,
})
const ratio: TopicConfig = {
  default: '0.5',
  accepts: (value) => value !== '' && Number(value) >= 0 && Number(value) <= 1,
  expects: 'a number from 0 to 1',
}
const flag = oneOf('false', 'true', 'false')
const text: TopicConfig = { default: '', accepts: () => true, expects: 'text' }
const FOR_EVER = '9223372036854775807'

export const TOPIC_CONFIGS: Readonly<Record<string, TopicConfig>> = {
  'cleanup.policy': someOf('delete', 'delete', 'compact'),
  'compression.gzip.level': whole('-1', -1),
  'compression.lz4.level': whole('9', 1),
  'compression.type': oneOf('producer', 'uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'),
  'compression.zstd.level': whole('3', -131072),
  'delete.retention.ms': whole('86400000', 0),
  'file.delete.delay.ms': whole('60000', 0),
  'flush.messages': whole(FOR_EVER, 1),
  'flush.ms': whole(FOR_EVER, 0),
  'follower.replication.throttled.replicas': text,
  'index.interval.bytes': whole('4096', 0),
  'leader.replication.throttled.replicas': text,
  'local.retention.bytes': whole('-2', -2),
  'local.retention.ms': whole('-2', -2),
  'max.compaction.lag.ms': whole(FOR_EVER, 1),
  'max.message.bytes': whole('1048588', 0),
  'message.timestamp.after.max.ms': whole('3600000', 0),
  'message.timestamp.before.max.ms': whole(FOR_EVER, 0),
  'message.timestamp.type': oneOf('CreateTime', 'CreateTime', 'LogAppendTime'),
  'min.cleanable.dirty.ratio': ratio,
  'min.compaction.lag.ms': whole('0', 0),
  'min.insync.replicas': whole('1', 1),
  preallocate: flag,
  'remote.storage.enable': flag,
  'retention.bytes': whole('-1', -1),
  'retention.ms': whole('604800000', -1),
  'segment.bytes': whole('1073741824', 14),
  'segment.index.bytes': whole('10485760', 4),
  'segment.jitter.ms': whole('0', 0),
  'segment.ms': whole('604800000', 1),
  'unclean.leader.election.enable': flag,
}

/** Why Kafka refuses a setting, or null. A null value means: the default. */
export function topicConfigFault(name: string, value: string | null): string | null {
  const config = Object.hasOwn(TOPIC_CONFIGS, name) ? TOPIC_CONFIGS[name] : undefined
  if (config === undefined) return `Unknown topic config name: ${name}`
  if (value === null || config.accepts(value)) return null
  return `Invalid value ${value} for configuration ${name}: must be ${config.expects}`
}

function listOf(value: string): readonly string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** The settings that have an effect here, parsed once. */
export interface TopicSettings {
  readonly maxMessageBytes: number
  readonly usesLogAppendTime: boolean
  readonly timestampAfterMaxMs: number
  readonly retentionMs: number
  readonly retentionBytes: number
}

const unlessNegative = (value: number): number => (value < 0 ? Number.POSITIVE_INFINITY : value)

export function topicSettings(overrides: ReadonlyMap<string, string>): TopicSettings {
  const value = (name: string): string => overrides.get(name) ?? TOPIC_CONFIGS[name]?.default ?? ''
  const deletes = listOf(value('cleanup.policy')).includes('delete')
  return {
    maxMessageBytes: Number(value('max.message.bytes')),
    usesLogAppendTime: value('message.timestamp.type') === 'LogAppendTime',
    timestampAfterMaxMs: Number(value('message.timestamp.after.max.ms')),
    retentionMs: deletes ? unlessNegative(Number(value('retention.ms'))) : Number.POSITIVE_INFINITY,
    retentionBytes: deletes ? unlessNegative(Number(value('retention.bytes'))) : Number.POSITIVE_INFINITY,
  }
}
