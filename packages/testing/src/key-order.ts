import type { Ordering } from '@towline/contracts'
import { eventsOf, type History, type HistoryEvent } from './history.ts'
import { type LaneTask, TaskLanes } from './task-lanes.ts'
import { type Counterexample, type Verdict, verdictOf } from './verdict.ts'

const OVERTAKEN = 'A task first succeeded after a later one of its lane'

interface Success extends LaneTask {
  readonly returned: HistoryEvent<'returned'>
}

/** P3: the first successes of one lane follow offset order. */
export function keyOrder(history: History, ordering: Ordering = 'key'): Verdict {
  const lanes = new TaskLanes(history, ordering)
  const succeeded = new Set<string>()
  /** The latest task of each lane that has succeeded. */
  const latest = new Map<string, Success>()
  const found: Counterexample[] = []
  for (const returned of eventsOf(history, 'returned')) {
    const at = lanes.of(returned)
    if (at === undefined || succeeded.has(returned.taskId)) continue
    succeeded.add(returned.taskId)
    const success = { ...at, returned }
    const before = latest.get(at.lane)
    if (before === undefined || before.task.offset < at.task.offset) latest.set(at.lane, success)
    else found.push(overtaking(before, success))
  }
  return verdictOf(history, found)
}

function overtaking(later: Success, earlier: Success): Counterexample {
  return { rule: OVERTAKEN, events: [earlier.task, later.task, later.returned, earlier.returned] }
}
