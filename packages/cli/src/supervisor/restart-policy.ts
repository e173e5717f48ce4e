import { EXIT } from '../exit-codes.ts'

/** How a process ended: by itself with a code, or by a signal. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What is known of a runner process when it has ended though nobody told it to. */
export interface RunnerExit extends ProcessExit {
  /** It had joined its groups. */
  readonly wasReady: boolean
  /** An earlier one, or this one, had: the configuration works. */
  readonly hasRun: boolean
  /** No group counts it any more. */
  readonly hasLeft: boolean
}

/** A runner process that lived so long after it was ready was healthy: what kills it then is news. */
export const HEALTHY_AFTER_MS = 60_000

const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 30_000

/** How long to wait before the restart after so many crashes in a row, the last included: 250 ms, doubled, at most 30 s. */
export function restartDelayMs(crashes: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, crashes - 1))
}

/** Exit codes by which a start is refused: the next one would be too, until somebody changes something. */
const REFUSALS: readonly number[] = [EXIT.usage, EXIT.notFound, EXIT.refused]

/**
 * Whether a runner process that ended on its own is started again. One that drained, was interrupted, or whose start was
 * refused is not: its exit code is the answer. All else is a crash. A first start that fails is told to whoever is
 * starting it; a failing restart is not the configuration's fault, and goes on.
 */
export function isCrash({ code, signal, wasReady, hasRun, hasLeft }: RunnerExit): boolean {
  if (signal !== null) return true
  if (code === EXIT.ok) return !hasLeft
  if (code === EXIT.interrupted) return false
  if (wasReady) return true
  if (code === EXIT.failure) return hasRun
  return !REFUSALS.includes(code ?? EXIT.failure)
}
