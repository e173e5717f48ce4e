import type { LifeOfTask, Ordering } from '@towline/contracts'
import { eventsOf, type History, type HistoryEvent } from './history.ts'

/** A task in its lane: tasks of one lane run one after another, in offset order. */
export interface LaneTask {
  readonly lane: string
  readonly task: HistoryEvent<'published'>
}

/** Which lane the tasks of a history are in. A task that was published twice is where it was published first. */
export class TaskLanes {
  readonly #tasks = new Map<string, LaneTask>()

  constructor(history: History, ordering: Ordering) {
    for (const task of eventsOf(history, 'published')) {
      const lane = laneOf(task, ordering)
      if (lane !== null && !this.#tasks.has(task.taskId)) this.#tasks.set(task.taskId, { lane, task })
    }
  }

  /** Undefined for a task that is ordered with no other, and in later lives: a redriven task is at the end of its lane. */
  of({ taskId, life }: LifeOfTask): LaneTask | undefined {
    return life === 1 ? this.#tasks.get(taskId) : undefined
  }
}

function laneOf({ topic, partition, key }: HistoryEvent<'published'>, ordering: Ordering): string | null {
  switch (ordering) {
    case 'none':
      return null
    case 'partition':
      return `${topic}/${partition}`
    case 'key':
      return key === null ? null : `${topic}/${partition} ${key}`
  }
}
