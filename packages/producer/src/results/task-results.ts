import { type Cancel, parseDuration, partitionFor, TowlineError, taskIdTimeMs } from '@towline/contracts'
import { type PartitionId, partitionId, type TopicPartition } from '@towline/kafka'
import type { EndWaiter } from './end-waiters.ts'
import { ResultTail, type TailTools } from './result-tail.ts'
import type { EndPlace } from './results-baseline.ts'
import type { TaskEnd } from './task-end.ts'

export interface ResultOptions {
  /** Longest to wait, for example `'30s'`. Default: until the task ends. */
  readonly timeout?: string
  /** Stops waiting; the promise rejects with its reason. */
  readonly signal?: AbortSignal
}

/** Which end is waited for. */
export interface AwaitedEnd {
  readonly agentType: string
  readonly taskId: string
  readonly life: number
  readonly place: EndPlace
}

/** A repeated publish gives the same task within this time, so its end may be that old. */
export const DEDUPE_WINDOW_MS = 3_600_000
/** How far the clocks of publishers and runners may be apart. */
const CLOCK_SKEW_MS = 300_000

/** Waits for ends and looks them up, over one shared tail per results partition. */
export class TaskResults {
  readonly #tools: TailTools
  readonly #tails = new Map<PartitionId, ResultTail>()
  #isClosed = false

  constructor(tools: TailTools) {
    this.#tools = tools
  }

  /** How many partitions of results topics are being read for somebody who waits. */
  get followedPartitions(): number {
    return [...this.#tails.values()].filter((tail) => tail.position !== undefined).length
  }

  /**
   * The end of one life of a task.
   *
   * @throws TowlineError TOWLINE_RESULT_TIMEOUT (retriable), TOWLINE_TOPIC_MISSING, TOWLINE_REGISTRY_UNAVAILABLE,
   * TOWLINE_PRODUCER_CLOSED
   */
  async end({ agentType, taskId, life, place }: AwaitedEnd, options: ResultOptions): Promise<TaskEnd> {
    const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout, 'timeout')
    options.signal?.throwIfAborted()
    if (this.#isClosed) throw closed()
    const { promise, resolve, reject } = Promise.withResolvers<TaskEnd>()
    const waiter: EndWaiter = { taskId, life, resolve, reject }
    const onAbort = (): void => reject(options.signal?.reason)
    const cancelTimeout: Cancel | undefined =
      timeoutMs === undefined
        ? undefined
        : this.#tools.clock.after(timeoutMs, () => reject(resultTimeout(agentType, taskId, timeoutMs)))
    options.signal?.addEventListener('abort', onAbort, { once: true })
    const tail = this.#tailOf(place)
    tail.add(waiter, place.from)
    try {
      return await promise
    } finally {
      tail.remove(waiter)
      cancelTimeout?.()
      options.signal?.removeEventListener('abort', onAbort)
    }
  }

  /** What is retained of the ends of a task now: the first of each life, in the order of lives. */
  async ends(taskId: string, place: EndPlace, signal?: AbortSignal): Promise<readonly TaskEnd[]> {
    const tp: TopicPartition = { topic: place.topic, partition: place.partition }
    const offsets = await (await this.#tools.admin()).offsets(place.topic)
    const { low = 0, high = 0 } = offsets.find(({ partition }) => partition === place.partition) ?? {}
    const reader = await this.#tools.reader()
    const byLife = new Map<number, TaskEnd>()
    const range = { tp, from: Math.max(low, place.from), to: high, ...(signal === undefined ? {} : { signal }) }
    for await (const { records } of reader.read(range)) {
      for (const record of records) {
        if (record.key?.toString('latin1') !== taskId) continue
        const end = await this.#tools.decoder.decode(record)
        if (end?.taskId === taskId && !byLife.has(end.life)) byLife.set(end.life, end)
      }
    }
    signal?.throwIfAborted()
    return [...byLife.values()].sort((a, b) => a.life - b.life)
  }

  /**
   * Where the end of a task stands that was published at some time before now, by this process or another.
   *
   * @param sinceMs Epoch milliseconds of the publish or earlier; taken from the id where it tells.
   * @throws TowlineError TOWLINE_OPTION_INVALID when neither says since when; TOWLINE_TOPIC_MISSING
   */
  async placeSince(topic: string, taskId: string, sinceMs: number | undefined): Promise<EndPlace> {
    const fromMs = sinceMs ?? taskIdTimeMs(taskId)
    if (fromMs === null) throw sinceRequired(taskId)
    const offsets = await (await this.#tools.admin()).offsetsAt(topic, fromMs - CLOCK_SKEW_MS)
    const partition = partitionFor(Buffer.from(taskId), offsets.length)
    return { topic, partition, from: offsets.find((found) => found.partition === partition)?.offset ?? 0 }
  }

  /** Rejects whoever waits, and stops reading. */
  close(): void {
    this.#isClosed = true
    for (const tail of this.#tails.values()) tail.close(closed())
    this.#tails.clear()
  }

  /** The tail of a partition. Results topics have few, fixed partitions, so a tail that rests is kept. */
  #tailOf(tp: TopicPartition): ResultTail {
    const id = partitionId(tp)
    let tail = this.#tails.get(id)
    if (tail === undefined) {
      tail = new ResultTail({ topic: tp.topic, partition: tp.partition }, this.#tools)
      this.#tails.set(id, tail)
    }
    return tail
  }
}

function resultTimeout(agentType: string, taskId: string, timeoutMs: number): TowlineError {
  return new TowlineError('TOWLINE_RESULT_TIMEOUT', `task ${taskId} did not end within ${timeoutMs} ms`, {
    value: taskId,
    bound: timeoutMs,
    retriable: true,
    wayOut: `Wait longer, or see where it stands: towline tasks get ${agentType} ${taskId}`,
  })
}

function sinceRequired(taskId: string): TowlineError {
  return new TowlineError('TOWLINE_OPTION_INVALID', `the id ${taskId} does not tell when its task was published`, {
    value: taskId,
    wayOut: 'Say since when to look: option since, or --since on the command line',
  })
}

function closed(): TowlineError {
  return new TowlineError('TOWLINE_PRODUCER_CLOSED', 'the connection was closed before the task ended', {
    wayOut: 'Await results before close, or look the end up by task id from another connection',
  })
}
