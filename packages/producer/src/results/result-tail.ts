// Follows one partition of a results topic for everybody in this process who waits for a task whose end goes there.
//
//   T1. A waiter is served by the first end of its task and life at or after the offset it gave, wherever the tail
//       stands: ahead of the tail by the tail, behind it by another look at the stretch where it may be.
//   T2. A partition is followed only while somebody waits, and a little longer.

import { type Cancel, type Clock, isTowlineError, type Logger } from '@towline/contracts'
import type { AdminPort, KafkaRecord, ReaderPort, ReadRequest, TopicPartition } from '@towline/kafka'
import type { EndDecoder } from './end-decoder.ts'
import { EndIndex } from './end-index.ts'
import { type EndWaiter, EndWaiters } from './end-waiters.ts'
import { LateScan } from './late-scan.ts'

export interface TailTools {
  readonly reader: () => Promise<ReaderPort>
  readonly admin: () => Promise<AdminPort>
  readonly decoder: EndDecoder
  readonly clock: Clock
  readonly log: Logger | undefined
}

/** How long a partition is followed after the last waiter left: the next often comes soon. */
const LINGER_MS = 30_000
/** Pause before reading on after the broker could not be reached. */
const RETRY_MS = 500
const INDEX_TASKS = 10_000

/** A run of following, from the first waiter to the stop. */
interface Following {
  readonly abort: AbortController
  readonly index: EndIndex
  readonly late: LateScan
  /** Everything before it was read. */
  position: number
  cancelLinger: Cancel | undefined
}

export class ResultTail {
  readonly #tp: TopicPartition
  readonly #tools: TailTools
  readonly #waiters = new EndWaiters()
  #following: Following | undefined

  constructor(tp: TopicPartition, tools: TailTools) {
    this.#tp = tp
    this.#tools = tools
  }

  /** The offset up to which this partition was read, or undefined where it is not followed now. */
  get position(): number | undefined {
    return this.#following?.position
  }

  /** Serves `waiter` with the first end at or after `from`, until it is removed. */
  add(waiter: EndWaiter, from: number): void {
    this.#waiters.add(waiter)
    const following = this.#following ?? this.#follow(from)
    following.cancelLinger?.()
    following.cancelLinger = undefined
    const behind = firstBehind(following.index, waiter.taskId, from)
    if (behind !== undefined) following.late.request(behind, () => following.position)
  }

  /** Harmless for a waiter that was served. */
  remove(waiter: EndWaiter): void {
    this.#waiters.remove(waiter)
    this.#lingerWhenIdle()
  }

  /** Stops following and rejects whoever waits. */
  close(error: Error): void {
    this.#waiters.rejectAll(error)
    this.#stop()
  }

  #follow(from: number): Following {
    const abort = new AbortController()
    const following: Following = {
      abort,
      index: new EndIndex(from, INDEX_TASKS),
      late: new LateScan((start, end) => this.#readStretch(start, end, abort.signal)),
      position: from,
      cancelLinger: undefined,
    }
    this.#following = following
    void this.#readOn(following)
    return following
  }

  #lingerWhenIdle(): void {
    const following = this.#following
    if (following === undefined || !this.#waiters.isEmpty || following.cancelLinger !== undefined) return
    following.cancelLinger = this.#tools.clock.after(LINGER_MS, () => this.#stop()) // T2
  }

  #stop(): void {
    this.#following?.cancelLinger?.()
    this.#following?.abort.abort()
    this.#following = undefined
  }

  async #readOn(following: Following): Promise<void> {
    const { signal } = following.abort
    const seen = (taskId: string, offset: number): void => {
      following.index.add(taskId, offset)
      following.position = offset + 1
    }
    while (!signal.aborted) {
      try {
        const request = { from: following.position, to: 'tail', signal } as const
        await this.#read(request, seen, (next) => {
          following.position = next
        })
      } catch (error) {
        following.position = await this.#recover(error, following.position)
        if (!signal.aborted) await this.#pause()
      }
    }
  }

  async #readStretch(start: number, to: number, signal: AbortSignal): Promise<number | null> {
    let from = start
    if (from >= to) return null
    try {
      await this.#read({ from, to, signal }, undefined, (next) => {
        from = next
      })
      return null
    } catch (error) {
      if (signal.aborted) return null
      const readOn = await this.#recover(error, from)
      await this.#pause()
      return readOn
    }
  }

  /** Shows every record of a range to those who wait for its task. */
  async #read(
    range: Omit<ReadRequest, 'tp'>,
    seen: ((taskId: string, offset: number) => void) | undefined,
    readUpTo: (next: number) => void,
  ): Promise<void> {
    const reader = await this.#tools.reader()
    for await (const { records, next } of reader.read({ tp: this.#tp, ...range })) {
      for (const record of records) {
        const taskId = record.key?.toString('latin1') ?? ''
        seen?.(taskId, record.offset)
        if (this.#waiters.has(taskId)) await this.#offer(record, taskId)
      }
      readUpTo(next)
    }
  }

  async #offer(record: KafkaRecord, taskId: string): Promise<void> {
    try {
      const end = await this.#tools.decoder.decode(record)
      if (end !== null) this.#waiters.resolve(end)
    } catch (error) {
      this.#waiters.reject(taskId, error)
    }
    this.#lingerWhenIdle()
  }

  /** Where to read on after an error: at the log's start where the position is not in the log, else where it failed. */
  async #recover(error: unknown, position: number): Promise<number> {
    if (isTowlineError(error, 'TOWLINE_TOPIC_MISSING')) this.#waiters.rejectAll(error)
    this.#lingerWhenIdle()
    this.#tools.log?.warn({ ...this.#tp, position, error }, 'reading results failed: trying again')
    if (!isTowlineError(error, 'TOWLINE_OFFSET_OUT_OF_RANGE')) return position
    try {
      const offsets = await (await this.#tools.admin()).offsets(this.#tp.topic)
      const log = offsets.find(({ partition }) => partition === this.#tp.partition)
      return log === undefined || (position >= log.low && position <= log.high) ? position : log.low
    } catch {
      return position
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#tools.clock.after(RETRY_MS, resolve))
  }
}

/** The offset from which a look behind the tail may find a task, or undefined where its end is still ahead (T1). */
function firstBehind(index: EndIndex, taskId: string, from: number): number | undefined {
  return from >= index.from ? index.offsetOf(taskId) : from
}
