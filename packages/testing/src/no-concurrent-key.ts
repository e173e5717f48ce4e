import type { Ordering } from '@towline/contracts'
import { wasAskedForAfter } from './duplicates.ts'
import { eventsOf, formatAttempt, type History, type HistoryEvent, isSamePartition } from './history.ts'
import { TaskLanes } from './task-lanes.ts'
import { type Counterexample, type Verdict, verdictOf } from './verdict.ts'

const IN_ONE_RUNNER = 'One runner ran two attempts of a lane at the same time'
const IN_TWO_RUNNERS = 'Two members ran attempts of a lane at the same time'

/** An attempt that runs. */
interface Running {
  readonly task: HistoryEvent<'published'>
  readonly started: HistoryEvent<'started'>
}

/**
 * P4: no two live members run a lane at the same time, and no runner runs two attempts of it. A runner is a live member
 * as long as it goes on to have commits confirmed: one that was frozen, cut off or killed may still run what it held, and
 * changes nothing by it.
 */
export function noConcurrentKey(history: History, ordering: Ordering = 'key'): Verdict {
  const lanes = new TaskLanes(history, ordering)
  const running = new Map<string, Running[]>()
  const memberships = eventsOf(history, 'started', 'lost', 'committed')
  const found: Counterexample[] = []
  for (const event of eventsOf(history, 'started', 'returned', 'threw')) {
    const at = lanes.of(event)
    if (at === undefined) continue
    const inLane = running.get(at.lane) ?? []
    running.set(at.lane, inLane)
    if (event.kind === 'started') {
      const starting = { task: at.task, started: event }
      found.push(...inLane.flatMap((other) => clashOf(other, starting, memberships)))
      inLane.push(starting)
    } else {
      const finished = inLane.findIndex(({ started }) => isSameRun(started, event))
      if (finished !== -1) inLane.splice(finished, 1)
    }
  }
  return verdictOf(history, found)
}

function clashOf(
  running: Running,
  starting: Running,
  memberships: readonly HistoryEvent<'started' | 'lost' | 'committed'>[],
): readonly Counterexample[] {
  const tasks = [...new Set([running.task, starting.task])]
  const events = [...tasks, running.started, starting.started]
  if (running.started.runner === starting.started.runner) return [{ rule: IN_ONE_RUNNER, events }]
  const [one, other] = [running, starting].map((each) => commitAfter(starting.started, each, memberships))
  if (one === undefined || other === undefined) return []
  return [{ rule: IN_TWO_RUNNERS, events: [...events, one, other] }]
}

/** The first commit its runner had confirmed and asked for after `moment`, while it held the partition. */
function commitAfter(
  moment: HistoryEvent<'started'>,
  { task, started }: Running,
  memberships: readonly HistoryEvent<'started' | 'lost' | 'committed'>[],
): HistoryEvent<'committed'> | undefined {
  const told = memberships.slice(memberships.indexOf(started)).filter((event) => event.runner === started.runner)
  for (const event of told) {
    if (event.kind === 'lost' && isSamePartition(event, task)) return undefined
    if (event.kind === 'committed' && event.topic === task.topic && wasAskedForAfter(event, moment)) return event
  }
  return undefined
}

function isSameRun(started: HistoryEvent<'started'>, finished: HistoryEvent<'returned' | 'threw'>): boolean {
  return started.runner === finished.runner && formatAttempt(started) === formatAttempt(finished)
}
