import { formatLife } from '@towline/contracts'
import { eventsOf, type History, type HistoryEvent } from './history.ts'
import { countingEnds, firstOfLife } from './no-loss.ts'
import { type Counterexample, type Verdict, verdictOf } from './verdict.ts'

const NO_LETTER = 'A task ended dead-lettered and has no dead letter'
const PENDING = 'A dead letter is of a life that has no end'
const NOTHING_RESOLVED = 'A resolution resolves no dead letter'
const ENDED_OTHERWISE = 'A dead letter was resolved although its task had ended otherwise'
const LIVES_ON = 'A dead letter is open although its task lives on'

/**
 * P14, of a history in which nothing is under way: every dead letter is of a life that ended so, and is open or resolved;
 * every such end has its letter. With {@link noLoss} the books balance: published + redriven = ended otherwise + open +
 * resolved, life by life.
 */
export function exactLedger(history: History): Verdict {
  const books = booksOf(history)
  return verdictOf(history, [...wrongResolutions(books), ...wrongLetters(books), ...missingLetters(books)])
}

/** What counts of each life, `<task id>/<life>`. */
interface Books {
  readonly ends: ReadonlyMap<string, HistoryEvent<'end'>>
  readonly letters: ReadonlyMap<string, HistoryEvent<'letter'>>
  readonly resolutions: ReadonlyMap<string, HistoryEvent<'resolution'>>
}

function booksOf(history: History): Books {
  return {
    ends: countingEnds(history),
    letters: firstOfLife(eventsOf(history, 'letter')),
    resolutions: firstOfLife(eventsOf(history, 'resolution')),
  }
}

function wrongResolutions({ ends, letters, resolutions }: Books): readonly Counterexample[] {
  return [...resolutions].flatMap(([life, resolution]) => {
    const letter = letters.get(life)
    if (letter === undefined) return [{ rule: NOTHING_RESOLVED, events: [resolution] }]
    const end = ends.get(life)
    if (end === undefined || end.end === 'dead-lettered') return []
    return [{ rule: ENDED_OTHERWISE, events: [letter, end, resolution] }]
  })
}

function wrongLetters({ ends, letters, resolutions }: Books): readonly Counterexample[] {
  return [...letters].flatMap(([life, letter]) => {
    if (resolutions.has(life)) return []
    const next = ends.get(formatLife({ ...letter, life: letter.life + 1 }))
    if (next !== undefined) return [{ rule: LIVES_ON, events: [letter, next] }]
    return ends.has(life) ? [] : [{ rule: PENDING, events: [letter] }]
  })
}

function missingLetters({ ends, letters }: Books): readonly Counterexample[] {
  return [...ends]
    .filter(([life, { end }]) => end === 'dead-lettered' && !letters.has(life))
    .map(([, end]) => ({ rule: NO_LETTER, events: [end] }))
}
