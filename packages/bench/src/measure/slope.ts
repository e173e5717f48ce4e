export interface Point {
  readonly x: number
  readonly y: number
}

/**
 * How fast `y` grows with `x`: the median of the slopes between all pairs of points, which neither a sawtooth nor a few
 * outliers tilt (Theil and Sen). Not a number for fewer than two points.
 */
export function medianSlope(points: readonly Point[]): number {
  const slopes: number[] = []
  for (const [index, from] of points.entries()) {
    for (const to of points.slice(index + 1)) {
      if (to.x !== from.x) slopes.push((to.y - from.y) / (to.x - from.x))
    }
  }
  slopes.sort((a, b) => a - b)
  const middle = (slopes.length - 1) / 2
  return ((slopes[Math.floor(middle)] ?? Number.NaN) + (slopes[Math.ceil(middle)] ?? Number.NaN)) / 2
}
