/** A series of measurements, one per round. */
export interface Summary {
  readonly rounds: readonly number[]
  readonly median: number
  readonly min: number
  readonly max: number
}

/** @param values At least one. */
export function summarise(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const median = ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
  return {
    rounds: values.map(rounded),
    median: rounded(median),
    min: rounded(sorted[0] ?? Number.NaN),
    max: rounded(sorted.at(-1) ?? Number.NaN),
  }
}

/** The smallest value that at least `fraction` of the values do not exceed. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? Number.NaN
}

/** To hundredths below 100, to whole numbers above: what a measurement can carry. */
export function rounded(value: number): number {
  const factor = Math.abs(value) < 100 ? 100 : 1
  return Math.round(value * factor) / factor
}
