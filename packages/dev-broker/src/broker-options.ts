import { DevBrokerError } from './dev-broker-error.ts'
import type { GroupLimits } from './groups/group-coordinator.ts'
import type { LogSink } from './log-sink.ts'

export interface BrokerOptions {
  /** Where to listen, and what clients are told: `127.0.0.1` (default), another 127.x address, `::1`, or `localhost`, which means 127.0.0.1. Nothing else: this broker has no authentication. */
  readonly host?: string
  /** Of the first node; the others take the ports after it. 0 takes free ones. Default: 9092. */
  readonly port?: number
  /** What clients are told instead of the port: that of a proxy before the first node; the others follow. Default: 0, the port itself. */
  readonly advertisedPort?: number
  /** Of the first node; the others take the ids after it. Default: 1. */
  readonly nodeId?: number
  /** How many nodes, each a listener of its own: all share one state, each leads its share of it. Default: 1. */
  readonly nodes?: number
  /** Partitions of a topic created without a number. Default: 1. */
  readonly defaultPartitions?: number
  /**
   * A directory to keep everything in, made where it is missing; one broker at a time. What was acknowledged is there again
   * after the process was killed, not necessarily after a power cut. Default: null, everything is in memory.
   */
  readonly dataDir?: string | null
  /** Most bytes of records kept; Produce is refused with KAFKA_STORAGE_ERROR beyond it. Default: 2 GiB. */
  readonly maxLogBytes?: number
  /** Shortest session timeout a group member may ask for. Default: 6,000, as in Kafka; tests of expiry may lower it. */
  readonly minSessionTimeoutMs?: number
  /** How often retention is looked at. Default: 300,000, as Kafka's `log.retention.check.interval.ms`. */
  readonly retentionCheckIntervalMs?: number
  /** Default: silent. */
  readonly log?: LogSink
  /** The broker's clock, in ms since the epoch: timestamps, sessions, retention. Default: `Date.now`. */
  readonly now?: () => number
}

/** Nothing left open. */
export interface ResolvedBrokerOptions extends Required<Omit<BrokerOptions, 'minSessionTimeoutMs'>> {
  readonly groupLimits: GroupLimits
}

const MAX_NODES = 100
const MAX_INT32 = 0x7fff_ffff
const KAFKA_MAX_SESSION_TIMEOUT_MS = 1_800_000
const KAFKA_OFFSET_METADATA_MAX_LENGTH = 4_096

/** @throws DevBrokerError TOWLINE_DEV_BROKER_OPTION_INVALID */
export function resolveBrokerOptions(options: BrokerOptions): ResolvedBrokerOptions {
  const {
    host = '127.0.0.1',
    port = 9092,
    nodeId = 1,
    nodes = 1,
    defaultPartitions = 1,
    minSessionTimeoutMs = 6_000,
  } = options
  const {
    maxLogBytes = 2 * 1024 ** 3,
    retentionCheckIntervalMs = 300_000,
    dataDir = null,
    log = () => undefined,
    now = Date.now,
  } = options
  return {
    host: withoutName(host),
    port: integerOption('port', port, 0, 65_535),
    advertisedPort: integerOption('advertisedPort', options.advertisedPort ?? 0, 0, 65_535),
    nodeId: integerOption('nodeId', nodeId, 0, MAX_INT32 - MAX_NODES),
    nodes: integerOption('nodes', nodes, 1, MAX_NODES),
    defaultPartitions: integerOption('defaultPartitions', defaultPartitions, 1, 10_000),
    maxLogBytes: integerOption('maxLogBytes', maxLogBytes, 1, Number.MAX_SAFE_INTEGER),
    retentionCheckIntervalMs: integerOption('retentionCheckIntervalMs', retentionCheckIntervalMs, 1, MAX_INT32),
    groupLimits: {
      minSessionTimeoutMs: integerOption('minSessionTimeoutMs', minSessionTimeoutMs, 1, KAFKA_MAX_SESSION_TIMEOUT_MS),
      maxSessionTimeoutMs: KAFKA_MAX_SESSION_TIMEOUT_MS,
      maxOffsetMetadataLength: KAFKA_OFFSET_METADATA_MAX_LENGTH,
    },
    dataDir: directoryOption(dataDir),
    log,
    now,
  }
}

/** An address instead of the name: what `localhost` resolves to may differ between broker and client. */
export function withoutName(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host
}

function directoryOption(dataDir: string | null): string | null {
  if (dataDir !== '') return dataDir
  throw new DevBrokerError('TOWLINE_DEV_BROKER_OPTION_INVALID', 'dataDir is empty', {
    value: dataDir,
    wayOut: 'Name a directory, or leave it out to keep everything in memory (option dataDir)',
  })
}

export function integerOption(option: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new DevBrokerError('TOWLINE_DEV_BROKER_OPTION_INVALID', `${option} is ${value}`, {
    value: String(value),
    wayOut: `It must be a whole number from ${least} to ${most} (option ${option})`,
  })
}
