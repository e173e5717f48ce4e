import { type History, type HistoryEvent, taskOf } from './history.ts'
import { tell } from './story.ts'

/** What breaks a promise, with no event more than that takes: without any one of them this rule is not broken. */
export interface Counterexample {
  /** The rule that is broken, as a sentence. */
  readonly rule: string
  /** In the order in which they happened. */
  readonly events: readonly HistoryEvent[]
}

/** What a checker says of a history. */
export type Verdict =
  | { readonly kind: 'kept' }
  | {
      readonly kind: 'broken'
      /** The earliest. */
      readonly counterexample: Counterexample
      /** How many more there are. */
      readonly others: number
      /** What else is told of its tasks, in order. */
      readonly background: History
    }

/** A promise was broken. Its message is the story of the counterexample. */
export class BrokenPromiseError extends Error {
  readonly counterexample: Counterexample

  constructor(counterexample: Counterexample, story: string) {
    super(story)
    this.name = 'BrokenPromiseError'
    this.counterexample = counterexample
  }
}

/**
 * Throws the story of the first broken promise, if there is one.
 *
 * @throws BrokenPromiseError
 */
export function assertKept(...verdicts: readonly Verdict[]): void {
  for (const verdict of verdicts) {
    if (verdict.kind === 'broken') throw new BrokenPromiseError(verdict.counterexample, tell(verdict))
  }
}

/** The verdict of a checker that found these: those of its most telling rule first. */
export function verdictOf(history: History, found: readonly Counterexample[]): Verdict {
  const [counterexample] = found.filter(({ rule }) => rule === found[0]?.rule).toSorted((a, b) => endOf(a) - endOf(b))
  if (counterexample === undefined) return { kind: 'kept' }
  const tasks = new Set(counterexample.events.map(taskOf))
  tasks.delete(undefined)
  const background = history.filter((event) => tasks.has(taskOf(event)) && !counterexample.events.includes(event))
  return { kind: 'broken', counterexample, others: found.length - 1, background }
}

/** When what is wrong was complete. */
function endOf({ events }: Counterexample): number {
  return events.at(-1)?.atMs ?? 0
}
