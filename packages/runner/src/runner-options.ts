import { TowlineError } from '@towline/contracts'

/** All optional; each documented once, here. */
export interface RunnerOptions {
  /** Names this process in results and logs. Default: host name, process id and four random characters. */
  readonly runnerId?: string
  /** Tasks of one agent admitted and not finished. At least 1, default 2,000. */
  readonly maxInFlight?: number
  /** Their bytes. At least 1 MiB, default 64 MiB. One fetch per broker and consumer comes on top. */
  readonly maxInFlightBytes?: number
  /** How long a drain may take, the abort grace of what it has to interrupt included, in milliseconds. Default 25,000. */
  readonly drainTimeoutMs?: number
  /** Longest age of a proof of membership with which outcomes are written. Below the session timeout; default 3,000. */
  readonly trustWindowMs?: number
  /** Least time between the starts of two commits, in milliseconds. Default 100. */
  readonly commitIntervalMs?: number
  /**
   * Finished runs remembered per partition, to drop repeats. Of those with an idempotency key, as many records are read
   * again by whoever takes the partition over, however old they are. Default 10,000.
   */
  readonly dedupeCapacity?: number
  /** How far back idempotency keys are remembered, by the timestamps of records, in milliseconds. Default one hour. */
  readonly idempotencyWindowMs?: number
  /** How many records of that are read at most. Default 100,000. */
  readonly idempotencyRecords?: number
  /** Group session timeout in milliseconds; Kafka's least is 6,000, the default. */
  readonly sessionTimeoutMs?: number
}

export type ResolvedRunnerOptions = Required<RunnerOptions>

const MIB = 1024 * 1024

/** @throws TowlineError TOWLINE_OPTION_INVALID, naming the option, its value and its bound. */
export function resolveRunnerOptions(options: RunnerOptions, defaultRunnerId: string): ResolvedRunnerOptions {
  const resolved = {
    runnerId: options.runnerId ?? defaultRunnerId,
    maxInFlight: integer('maxInFlight', options.maxInFlight ?? 2_000, 1),
    maxInFlightBytes: integer('maxInFlightBytes', options.maxInFlightBytes ?? 64 * MIB, MIB),
    drainTimeoutMs: integer('drainTimeoutMs', options.drainTimeoutMs ?? 25_000, 0),
    trustWindowMs: integer('trustWindowMs', options.trustWindowMs ?? 3_000, 100),
    commitIntervalMs: integer('commitIntervalMs', options.commitIntervalMs ?? 100, 1),
    dedupeCapacity: integer('dedupeCapacity', options.dedupeCapacity ?? 10_000, 1),
    idempotencyWindowMs: integer('idempotencyWindowMs', options.idempotencyWindowMs ?? 3_600_000, 0),
    idempotencyRecords: integer('idempotencyRecords', options.idempotencyRecords ?? 100_000, 0),
    sessionTimeoutMs: integer('sessionTimeoutMs', options.sessionTimeoutMs ?? 6_000, 1_000),
  }
  if (resolved.trustWindowMs >= resolved.sessionTimeoutMs) {
    throw new TowlineError(
      'TOWLINE_OPTION_INVALID',
      `trustWindowMs must be below sessionTimeoutMs of ${resolved.sessionTimeoutMs}, got ${resolved.trustWindowMs}`,
      { value: resolved.trustWindowMs, bound: resolved.sessionTimeoutMs },
    )
  }
  return resolved
}

function integer(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new TowlineError('TOWLINE_OPTION_INVALID', `${option} must be at least ${least}, got ${value}`, {
    value,
    bound: least,
    wayOut: `Change the runner option ${option}`,
  })
}
