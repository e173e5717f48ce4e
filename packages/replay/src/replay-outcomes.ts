import { ENDS, type End, isEnd, type TaskResult } from '@towline/contracts'
import { DurationHistogram, type Durations } from './duration-histogram.ts'

/** Tasks of a replay that failed alike. */
export interface FailureGroup {
  readonly code: string
  /** Of the first one. */
  readonly message: string
  readonly count: number
  /** The first few. */
  readonly taskIds: readonly string[]
}

/** What became of the tasks of a replay that ended. A redriven task counts by its latest life. */
export interface ReplayOutcomes {
  readonly ended: number
  readonly ends: Readonly<Record<End, number>>
  /** Ends of a kind this version does not know. */
  readonly otherEnds: number
  /** Tasks part of whose work may have been done twice. */
  readonly mayHaveRun: number
  /** Ends beyond the first of a (task, life): ignored, as every reader does. */
  readonly repeatedEnds: number
  /** Dead letters by failure code, most frequent first. */
  readonly failures: readonly FailureGroup[]
  readonly firstFinishedAtMs: number | null
  readonly lastFinishedAtMs: number | null
  /** Start to end of the last attempt. Null where none started. */
  readonly runs: Durations | null
  /** From the replayed record to the end of its task, waits and retries included. */
  readonly courses: Durations | null
}

const IDS_PER_FAILURE = 10

/**
 * Adds up results of one replay. All ends of a task stand in one partition of the results topic, in order, so that
 * only the tasks of the partition being read are remembered.
 */
export class OutcomeTally {
  #latest = new Map<string, TaskResult>()
  readonly #ends: Record<End, number> = Object.fromEntries(ENDS.map((end) => [end, 0])) as Record<End, number>
  readonly #failures = new Map<string, { message: string; count: number; taskIds: string[] }>()
  readonly #runs = new DurationHistogram()
  readonly #courses = new DurationHistogram()
  #ended = 0
  #otherEnds = 0
  #mayHaveRun = 0
  #repeatedEnds = 0
  #firstFinishedAtMs: number | null = null
  #lastFinishedAtMs: number | null = null

  add(result: TaskResult): void {
    const known = this.#latest.get(result.taskId)
    if (known !== undefined && known.life >= result.life) this.#repeatedEnds += 1
    else this.#latest.set(result.taskId, { ...result, output: null })
  }

  /** The partition was read to its end. */
  endPartition(): void {
    for (const result of this.#latest.values()) this.#count(result)
    this.#latest = new Map()
  }

  outcomes(): ReplayOutcomes {
    const failures = [...this.#failures].map(([code, group]) => ({ code, ...group }))
    return {
      ended: this.#ended,
      ends: { ...this.#ends },
      otherEnds: this.#otherEnds,
      mayHaveRun: this.#mayHaveRun,
      repeatedEnds: this.#repeatedEnds,
      failures: failures.sort((a, b) => b.count - a.count || a.code.localeCompare(b.code)),
      firstFinishedAtMs: this.#firstFinishedAtMs,
      lastFinishedAtMs: this.#lastFinishedAtMs,
      runs: this.#runs.summary(),
      courses: this.#courses.summary(),
    }
  }

  #count(result: TaskResult): void {
    const { end, finishedAt, startedAt, queuedAt } = result
    this.#ended += 1
    if (isEnd(end)) this.#ends[end] += 1
    else this.#otherEnds += 1
    if (result.mayHaveRun) this.#mayHaveRun += 1
    if (end === 'dead-lettered') this.#countFailure(result)
    if (startedAt !== null) this.#runs.add(finishedAt - startedAt)
    this.#courses.add(finishedAt - queuedAt)
    this.#firstFinishedAtMs = Math.min(this.#firstFinishedAtMs ?? finishedAt, finishedAt)
    this.#lastFinishedAtMs = Math.max(this.#lastFinishedAtMs ?? finishedAt, finishedAt)
  }

  #countFailure({ taskId, failure, reason }: TaskResult): void {
    const code = failure?.code ?? reason ?? 'unknown'
    const group = this.#failures.get(code) ?? { message: failure?.message ?? '', count: 0, taskIds: [] }
    group.count += 1
    if (group.taskIds.length < IDS_PER_FAILURE) group.taskIds.push(taskId)
    this.#failures.set(code, group)
  }
}
