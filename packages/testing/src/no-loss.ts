import { formatLife, type LifeOfTask } from '@towline/contracts'
import { eventsOf, type History, type HistoryEvent } from './history.ts'
import { type Verdict, verdictOf } from './verdict.ts'

const LOST = 'An accepted task has no end'
const UNHEARD_OF = 'A task ended that nobody had accepted'

/**
 * P1: every accepted life of a task has an end, and only those have. The first life is accepted when it is published, a
 * later one when the dead letter of the one before is redriven.
 */
export function noLoss(history: History): Verdict {
  const accepted = acceptedLives(history)
  const ended = countingEnds(history)
  return verdictOf(history, [
    ...[...accepted].filter(([life]) => !ended.has(life)).map(([, event]) => ({ rule: LOST, events: [event] })),
    ...[...ended].filter(([life]) => !accepted.has(life)).map(([, event]) => ({ rule: UNHEARD_OF, events: [event] })),
  ])
}

/** The end that counts of each life, `<task id>/<life>`: the first one in its partition. */
export function countingEnds(history: History): ReadonlyMap<string, HistoryEvent<'end'>> {
  return firstOfLife(eventsOf(history, 'end'))
}

/** The first event of each life. */
export function firstOfLife<E extends LifeOfTask>(events: readonly E[]): ReadonlyMap<string, E> {
  const first = new Map<string, E>()
  for (const event of events) if (!first.has(formatLife(event))) first.set(formatLife(event), event)
  return first
}

function acceptedLives(history: History): ReadonlyMap<string, HistoryEvent<'published' | 'resolution'>> {
  const accepted = new Map<string, HistoryEvent<'published' | 'resolution'>>()
  for (const event of eventsOf(history, 'published', 'resolution')) {
    if (event.kind === 'published') accepted.set(formatLife({ taskId: event.taskId, life: 1 }), event)
    else if (event.resolvedAs === 'redriven') {
      accepted.set(formatLife({ taskId: event.taskId, life: event.life + 1 }), event)
    }
  }
  return accepted
}
