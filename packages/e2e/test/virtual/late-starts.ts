import type { History, HistoryEvent } from '@towline/testing'

/** The default trust window of a runner: how long it believes in its membership without a new proof of it. */
const TRUST_WINDOW_MS = 3_000

export interface LateStart {
  readonly started: HistoryEvent<'started'>
  /** How long before the partition had gone to another runner. */
  readonly lateMs: number
}

/**
 * Attempts that a runner started on a partition which was another's by then: it was told to join again, and the answer
 * has not come yet. It cannot know whether the new owner has begun them. `history`: of tasks that go through no tier.
 */
export function lateStarts(history: History): readonly LateStart[] {
  const places = new Map<string, string>()
  const owners = new Map<string, HistoryEvent<'assigned'>>()
  const found: LateStart[] = []
  for (const event of history) {
    if (event.kind === 'published') places.set(event.taskId, `${event.topic}/${event.partition}`)
    if (event.kind === 'assigned') owners.set(`${event.topic}/${event.partition}`, event)
    if (event.kind !== 'started') continue
    const owner = owners.get(places.get(event.taskId) ?? '')
    if (owner === undefined || owner.runner === event.runner) continue
    found.push({ started: event, lateMs: event.atMs - owner.atMs })
  }
  return found
}

/** Those that no proof of membership can excuse. */
export function beyondTrust(late: readonly LateStart[]): readonly LateStart[] {
  return late.filter(({ lateMs }) => lateMs > TRUST_WINDOW_MS)
}
