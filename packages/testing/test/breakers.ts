import type { History, HistoryEvent, HistoryKind } from '@towline/testing'

/** One way to break a promise: every history that comes of doing it to one place of a sound one. */
export type Breaker = (history: History) => readonly History[]

const STRANGER = { taskId: 'ffffffff-ffff-4fff-8fff-ffffffffffff', life: 1 } as const
const PLACE = { topic: 'elsewhere', partition: 0, offset: 0, atMs: 1_700_000_000_000 } as const

export const endGone: Breaker = (history) => all(history, 'end').map((end) => withoutEndsOf(history, end))

export const endOfLetterGone: Breaker = (history) => {
  const resolved = all(history, 'resolution')
  return all(history, 'letter')
    .filter((letter) => !resolved.some((resolution) => isSameLife(resolution, letter)))
    .map((letter) => withoutEndsOf(history, letter))
}

export const strangersEnd: Breaker = (history) => [
  [...history, { kind: 'end', ...STRANGER, ...PLACE, end: 'succeeded', runner: 'runner-1' }],
]

export const rerunAfterCommit: Breaker = (history) =>
  all(history, 'committed').flatMap((commit) =>
    all(history, 'ended')
      .filter(({ runner, atMs }) => runner === commit.runner && atMs + 4 < commit.atMs - commit.durationMs)
      .map(({ taskId, life, attempt }) =>
        insertedAfter(
          history,
          commit,
          startOf({ taskId, life, attempt, key: null, atMs: commit.atMs, runner: 'heir' }),
        ),
      ),
  )

export const rerunUntold: Breaker = (history) =>
  all(history, 'started')
    .filter(({ mayHaveRun }) => mayHaveRun)
    .map((again) => history.with(history.indexOf(again), { ...again, mayHaveRun: false }))

export const overtaken: Breaker = (history) => {
  const keyed = all(history, 'returned').filter(({ key, life }) => key !== null && life === 1)
  const first = keyed.filter(({ taskId }, at) => keyed.findIndex((other) => other.taskId === taskId) === at)
  return first.flatMap((earlier, at) => {
    const later = first.slice(at + 1).find(({ key }) => key === earlier.key)
    if (later === undefined) return []
    return [history.with(history.indexOf(earlier), later).with(history.indexOf(later), earlier)]
  })
}

export const startedBeside: Breaker = (history) =>
  keyedStarts(history).map((started) => insertedAfter(history, started, { ...started, mayHaveRun: true }))

export const startedElsewhere: Breaker = (history) =>
  keyedStarts(history).map((started) =>
    insertedAfter(
      history,
      started,
      startOf({ ...started, runner: 'heir' }),
      ...[started.runner, 'heir'].map((runner) => ({
        kind: 'committed' as const,
        topic: 'tasks',
        durationMs: 5,
        runner,
        atMs: started.atMs + 10,
      })),
    ),
  )

export const letterGone: Breaker = (history) =>
  all(history, 'letter').map((letter) =>
    history.filter((event) => !(event.kind === 'letter' && isSameLife(event, letter))),
  )

export const resolutionGone: Breaker = (history) =>
  all(history, 'resolution')
    .filter(({ resolvedAs }) => resolvedAs === 'redriven')
    .map((resolution) => history.filter((event) => event !== resolution))

export const strangersResolution: Breaker = (history) => [
  [...history, { kind: 'resolution', ...STRANGER, ...PLACE, resolvedAs: 'purged' }],
]

export const resolvedThoughSucceeded: Breaker = (history) =>
  all(history, 'resolution').map((resolution) =>
    history.map((event) =>
      event.kind === 'end' && isSameLife(event, resolution) ? { ...event, end: 'succeeded' as const } : event,
    ),
  )

export const retriedEarly: Breaker = (history) =>
  all(history, 'started').flatMap((again) => {
    const failed = all(history, 'threw').find(
      (event) => isSameLife(event, again) && event.attempt === again.attempt - 1,
    )
    if (failed === undefined) return []
    return [history.with(history.indexOf(again), { ...again, atMs: failed.atMs + 1 })]
  })

function withoutEndsOf(history: History, life: Parameters<typeof isSameLife>[0]): History {
  return history.filter((event) => !(event.kind === 'end' && isSameLife(event, life)))
}

function keyedStarts(history: History): readonly HistoryEvent<'started'>[] {
  return all(history, 'started').filter(({ key, life }) => key !== null && life === 1)
}

function startOf(start: Omit<HistoryEvent<'started'>, 'kind' | 'mayHaveRun'>): HistoryEvent<'started'> {
  return { ...start, kind: 'started', mayHaveRun: true }
}

function all<K extends HistoryKind>(history: History, kind: K): readonly HistoryEvent<K>[] {
  return history.filter((event) => event.kind === kind) as readonly HistoryEvent[] as readonly HistoryEvent<K>[]
}

function insertedAfter(history: History, at: HistoryEvent, ...events: readonly HistoryEvent[]): History {
  return history.toSpliced(history.indexOf(at) + 1, 0, ...events)
}

function isSameLife(a: { readonly taskId: string; readonly life: number }, b: typeof a): boolean {
  return a.taskId === b.taskId && a.life === b.life
}
