/** What became of a set of ids: each is to arrive exactly once. */
export interface Delivery {
  readonly expected: number
  readonly lost: number
  readonly duplicated: number
  /** Arrived and never expected. */
  readonly unknown: number
}

export function countDelivery(expected: Iterable<string>, arrived: Iterable<string>): Delivery {
  const times = new Map<string, number>()
  for (const id of expected) times.set(id, 0)
  let unknown = 0
  for (const id of arrived) {
    const seen = times.get(id)
    if (seen === undefined) unknown += 1
    else times.set(id, seen + 1)
  }
  let lost = 0
  let duplicated = 0
  for (const seen of times.values()) {
    if (seen === 0) lost += 1
    else duplicated += seen - 1
  }
  return { expected: times.size, lost, duplicated, unknown }
}

/** The sum over rounds. */
export function addDeliveries(deliveries: readonly Delivery[]): Delivery {
  const sum = { expected: 0, lost: 0, duplicated: 0, unknown: 0 }
  for (const { expected, lost, duplicated, unknown } of deliveries) {
    sum.expected += expected
    sum.lost += lost
    sum.duplicated += duplicated
    sum.unknown += unknown
  }
  return sum
}
