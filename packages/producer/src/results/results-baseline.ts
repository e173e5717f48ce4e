import { type Clock, isTowlineError, type Logger, partitionFor } from '@towline/contracts'
import type { AdminPort } from '@towline/kafka'

/** A task's end is looked for from here; a baseline older than this is taken anew, so that the look stays short. */
const MAX_AGE_MS = 30_000

export interface BaselineTools {
  readonly admin: () => Promise<AdminPort>
  readonly clock: Clock
  readonly log: Logger | undefined
}

/** Where the end of a task will stand. */
export interface EndPlace {
  readonly topic: string
  readonly partition: number
  /** No end of a task published after this place was taken stands before this offset. */
  readonly from: number
}

/** The log ends of a results topic at one moment. */
export interface ResultsSnapshot {
  readonly topic: string
  /** By partition number. */
  readonly logEnds: readonly number[]
}

/** Where the end of a task stands that was published after the snapshot was taken. */
export function placeAfter({ topic, logEnds }: ResultsSnapshot, taskId: string): EndPlace {
  const partition = partitionFor(Buffer.from(taskId), logEnds.length)
  return { topic, partition, from: logEnds[partition] ?? 0 }
}

/**
 * The log ends of a results topic at some moment before a publish: the end of a task published since comes after them,
 * whatever the clocks of publisher and runner say.
 */
export class ResultsBaseline {
  readonly #tools: BaselineTools
  #snapshot: ResultsSnapshot
  #takenAtMs: number
  #isRefreshing = false

  private constructor(snapshot: ResultsSnapshot, tools: BaselineTools) {
    this.#tools = tools
    this.#snapshot = snapshot
    this.#takenAtMs = tools.clock.monotonicMs()
  }

  /** Null where the topic does not exist: tasks can be published, their ends cannot be awaited. */
  static async take(topic: string, tools: BaselineTools): Promise<ResultsBaseline | null> {
    try {
      return new ResultsBaseline(await takeSnapshot(topic, tools), tools)
    } catch (error) {
      if (isTowlineError(error, 'TOWLINE_TOPIC_MISSING')) return null
      throw error
    }
  }

  /** For a task that is not sent yet. */
  get snapshot(): ResultsSnapshot {
    if (this.#tools.clock.monotonicMs() - this.#takenAtMs > MAX_AGE_MS) void this.#refresh()
    return this.#snapshot
  }

  async #refresh(): Promise<void> {
    if (this.#isRefreshing) return
    this.#isRefreshing = true
    const { topic } = this.#snapshot
    try {
      this.#snapshot = await takeSnapshot(topic, this.#tools)
    } catch (error) {
      this.#tools.log?.debug({ topic, error }, 'the log ends of a results topic could not be read')
    } finally {
      this.#takenAtMs = this.#tools.clock.monotonicMs()
      this.#isRefreshing = false
    }
  }
}

async function takeSnapshot(topic: string, { admin }: BaselineTools): Promise<ResultsSnapshot> {
  const offsets = await (await admin()).offsets(topic)
  return { topic, logEnds: offsets.toSorted((a, b) => a.partition - b.partition).map(({ high }) => high) }
}
