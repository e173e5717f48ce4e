import { eventsOf, formatAttempt, type History, type HistoryEvent, isSamePartition, ROUNDING_MS } from './history.ts'
import { type Counterexample, type Verdict, verdictOf } from './verdict.ts'

const TWICE = 'An attempt ran twice'
const COVERED = 'An attempt ran again although its end was committed'
const UNMARKED = 'An attempt ran again and was not told that it may have run'

type Started = HistoryEvent<'started'>
type Told = HistoryEvent<'started' | 'ended' | 'lost' | 'committed'>

/** A start of an attempt that had started before. */
interface Rerun<S extends Started = Started> {
  readonly before: S
  readonly again: S
}

/** P2 where nothing went wrong: no attempt ran twice. */
export function noDuplicates(history: History): Verdict {
  return verdictOf(
    history,
    reruns(eventsOf(history, 'started')).map(({ before, again }) => ({ rule: TWICE, events: [before, again] })),
  )
}

/**
 * P2: an attempt runs again only where no commit that covers its end was confirmed before, and is then told that it may
 * have run.
 */
export function boundedDuplicates(history: History): Verdict {
  const again = reruns(eventsOf(history, 'started'))
  const commits = new CommitsOf(history)
  return verdictOf(history, [
    ...again.flatMap((rerun) => commits.covering(rerun)),
    ...again
      .filter(({ again }) => !again.mayHaveRun)
      .map(({ before, again }) => ({ rule: UNMARKED, events: [before, again] })),
  ])
}

/** Starts of one attempt after the first, each with the start before it. */
export function reruns<S extends Started>(starts: readonly S[]): readonly Rerun<S>[] {
  const latest = new Map<string, S>()
  const found: Rerun<S>[] = []
  for (const again of starts) {
    const before = latest.get(formatAttempt(again))
    if (before !== undefined) found.push({ before, again })
    latest.set(formatAttempt(again), again)
  }
  return found
}

/** What each runner told, to be asked what it had committed. */
class CommitsOf {
  readonly #byRunner: ReadonlyMap<string, readonly Told[]>
  readonly #places: ReadonlyMap<Told, number>

  constructor(history: History) {
    const told = eventsOf(history, 'started', 'ended', 'lost', 'committed')
    this.#places = new Map(told.map((event, place) => [event, place]))
    this.#byRunner = Map.groupBy(told, ({ runner }) => runner)
  }

  /** The first commit that covers the end of the attempt before, asked for after it and confirmed before it ran again. */
  covering({ before, again }: Rerun): readonly Counterexample[] {
    const between = this.#between(before, again)
    const ended = between.find((event) => event.kind === 'ended' && formatAttempt(event) === formatAttempt(before))
    if (ended?.kind !== 'ended') return []
    for (const event of between) {
      if (event.kind === 'lost' && isSamePartition(event, ended)) return []
      if (event.kind === 'committed' && event.topic === ended.topic && wasAskedForAfter(event, ended)) {
        return [{ rule: COVERED, events: [before, ended, event, again] }]
      }
    }
    return []
  }

  /** What the runner of the first told from then until the second. */
  #between(from: Started, to: Started): readonly Told[] {
    const told = this.#byRunner.get(from.runner) ?? []
    const end = this.#places.get(to) ?? 0
    return told.slice(told.indexOf(from)).filter((event) => (this.#places.get(event) ?? 0) < end)
  }
}

/** Whether a commit was asked for after this was told. */
export function wasAskedForAfter(
  { atMs, durationMs }: HistoryEvent<'committed'>,
  told: { readonly atMs: number },
): boolean {
  return atMs - durationMs > told.atMs + ROUNDING_MS
}
