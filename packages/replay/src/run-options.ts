import { TowlineError } from '@towline/contracts'
import type { ReplayProgress } from './replay-progress.ts'

export interface RunReplayOptions {
  /** Stops the run at a checkpoint; {@link resumeReplay} goes on from there. */
  readonly signal?: AbortSignal | undefined
  /** Called at most every 200 ms, and at the end. */
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined
  /** Records of a dry run of this plan, so that progress knows its total. */
  readonly expectedRecords?: number | undefined
  /** Replaces the plan's rate for this run; null = no limit. Default: the plan's. */
  readonly ratePerSecond?: number | null | undefined
  /** Go on where retention deleted part of the range. Default false: the run fails and says what is gone. */
  readonly skipLost?: boolean | undefined
  /** Most records on their way to the target. At least 1, default 2,000. */
  readonly maxInFlight?: number | undefined
  /** Most bytes on their way, as the sender counts them; below its own bound. Default 16 MiB. */
  readonly maxInFlightBytes?: number | undefined
  /** Longest that acknowledged records wait for a checkpoint to begin. Default 250. */
  readonly checkpointIntervalMs?: number | undefined
  /**
   * Most records beyond the confirmed checkpoint, so most that a resume after a crash sends again. Below the 10,000 that
   * a runner remembers per partition. Default 5,000.
   */
  readonly maxRepeats?: number | undefined
}

export interface ResolvedRunOptions {
  readonly signal: AbortSignal | undefined
  readonly onProgress: (progress: ReplayProgress) => void
  readonly expectedRecords: number | null
  readonly ratePerSecond: number | null
  readonly skipLost: boolean
  readonly maxInFlight: number
  readonly maxInFlightBytes: number
  readonly checkpointIntervalMs: number
  readonly maxRepeats: number
}

/** Half of what a sender buffers by default. */
export const DEFAULT_MAX_IN_FLIGHT_BYTES: number = 16 * 1024 * 1024
const MAX_REPEATS = 10_000

/** @throws TowlineError TOWLINE_OPTION_INVALID */
export function resolveRunOptions(options: RunReplayOptions, planRatePerSecond: number | null): ResolvedRunOptions {
  const resolved: ResolvedRunOptions = {
    signal: options.signal,
    onProgress: options.onProgress ?? (() => {}),
    expectedRecords: options.expectedRecords ?? null,
    ratePerSecond: options.ratePerSecond === undefined ? planRatePerSecond : options.ratePerSecond,
    skipLost: options.skipLost ?? false,
    maxInFlight: options.maxInFlight ?? 2_000,
    maxInFlightBytes: options.maxInFlightBytes ?? DEFAULT_MAX_IN_FLIGHT_BYTES,
    checkpointIntervalMs: options.checkpointIntervalMs ?? 250,
    maxRepeats: options.maxRepeats ?? 5_000,
  }
  checkBounds('maxInFlight', resolved.maxInFlight, 1, Number.MAX_SAFE_INTEGER)
  checkBounds('maxInFlightBytes', resolved.maxInFlightBytes, 1, Number.MAX_SAFE_INTEGER)
  checkBounds('checkpointIntervalMs', resolved.checkpointIntervalMs, 0, 60_000)
  checkBounds('maxRepeats', resolved.maxRepeats, 1, MAX_REPEATS)
  if (resolved.ratePerSecond !== null) checkBounds('ratePerSecond', resolved.ratePerSecond, Number.MIN_VALUE, 1_000_000)
  return resolved
}

function checkBounds(option: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return
  throw new TowlineError('TOWLINE_OPTION_INVALID', `${option} must be from ${min} to ${max}, got ${value}`, {
    value,
    bound: value < min ? min : max,
  })
}
