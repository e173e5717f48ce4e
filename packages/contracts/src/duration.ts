import { TowlineError } from './towline-error.ts'

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
type Unit = keyof typeof UNIT_MS

const DURATION = /^([1-9][0-9]{0,14})(ms|s|m|h|d)$/
const DELAY_UNITS = ['d', 'h', 'm', 's'] as const

/** Longest duration any option accepts. */
export const MAX_DURATION_MS: number = 3_650 * UNIT_MS.d

/**
 * Milliseconds of a duration such as `'250ms'`, `'5s'`, `'10m'`, `'1h'`, `'7d'`: one positive whole number, one unit.
 *
 * @param option Where the text came from; the error names it.
 * @throws TowlineError TOWLINE_DURATION_INVALID when it is anything else, or longer than {@link MAX_DURATION_MS}.
 */
export function parseDuration(text: string, option: string): number {
  const match = DURATION.exec(text)
  const durationMs = match === null ? Number.NaN : Number(match[1]) * UNIT_MS[match[2] as Unit]
  if (durationMs <= MAX_DURATION_MS) return durationMs
  const bound = '1ms to 3650d'
  throw new TowlineError(
    'TOWLINE_DURATION_INVALID',
    `${option} must be a duration from ${bound}, got ${JSON.stringify(text)}`,
    {
      value: String(text),
      bound,
      wayOut: "Write a positive whole number and a unit: '250ms', '5s', '10m', '1h', '7d'",
    },
  )
}

/**
 * A delay in its largest whole unit, as it stands in the name of a retry tier: 60,000 is `'1m'`, 90,000 is `'90s'`.
 *
 * @throws TowlineError TOWLINE_DURATION_INVALID when it is not a whole number of seconds, at least one.
 */
export function formatDelay(delayMs: number): string {
  const unit = DELAY_UNITS.find((candidate) => delayMs % UNIT_MS[candidate] === 0)
  if (unit !== undefined && delayMs > 0 && delayMs <= MAX_DURATION_MS) return `${delayMs / UNIT_MS[unit]}${unit}`
  throw new TowlineError(
    'TOWLINE_DURATION_INVALID',
    `the delay of a retry tier must be whole seconds, at least 1 s, got ${delayMs} ms`,
    { value: delayMs, bound: '1s', wayOut: "Use a tier such as '5s', '1m' or '1h'; shorter waits need no tier" },
  )
}
