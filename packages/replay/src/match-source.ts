import type { KafkaRecord, ReaderPort } from '@towline/kafka'
import { MatchCursor } from './match-cursor.ts'
import type { PartitionRange } from './replay-plan.ts'

/** A record that a replay covers. */
export interface Match {
  readonly partition: number
  readonly record: KafkaRecord
}

/** What is read, and which of it counts. */
export interface MatchQuery {
  readonly source: string
  readonly partitions: readonly PartitionRange[]
  readonly key: Buffer | null
}

export interface MatchSourceOptions {
  readonly signal?: AbortSignal | undefined
  /** Called after every batch that was read, matches in it or not: positions may have moved. */
  readonly onRead?: () => void
}

const MAX_FETCH_BYTES = 1024 * 1024
const MIN_FETCH_BYTES = 64 * 1024
/** Two fetches per partition are held at most. */
const HELD_BYTES = 32 * 1024 * 1024

/**
 * The matching records of several partitions in one order: by time across partitions, as far as their timestamps tell,
 * and always by offset within one. Dry run, `max` and the run all read through it, so they agree on what matches.
 *
 *     while (await source.ready()) for (let match = source.take(); match !== undefined; match = source.take()) …
 */
export class MatchSource {
  readonly #cursors: readonly MatchCursor[]
  readonly #closing = new AbortController()
  readonly #signal: AbortSignal

  constructor(reader: Pick<ReaderPort, 'read'>, query: MatchQuery, { signal, onRead }: MatchSourceOptions = {}) {
    this.#signal = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])])
    const share = Math.floor(HELD_BYTES / 2 / Math.max(1, query.partitions.length))
    const options = {
      reader,
      topic: query.source,
      key: query.key,
      maxBytes: Math.min(MAX_FETCH_BYTES, Math.max(MIN_FETCH_BYTES, share)),
      signal: this.#signal,
      onRead: onRead ?? (() => {}),
    }
    this.#cursors = query.partitions
      .filter(({ from, to }) => from < to)
      .map((range) => new MatchCursor({ ...options, range }))
  }

  /**
   * Whether {@link take} has something to give, now that every partition shows its next match. False at the end, and
   * once the signal is aborted.
   *
   * @throws what the reader throws, TOWLINE_OFFSET_OUT_OF_RANGE where the log no longer holds the position
   */
  async ready(): Promise<boolean> {
    await Promise.all(this.#cursors.filter(isBlank).map((cursor) => cursor.load()))
    return !this.#signal.aborted && this.#cursors.some(({ head }) => head !== undefined)
  }

  /** The next match, or undefined when a partition must be read first. */
  take(): Match | undefined {
    let earliest: MatchCursor | undefined
    let earliestMs = Number.POSITIVE_INFINITY
    for (const cursor of this.#cursors) {
      if (isBlank(cursor)) return undefined
      const atMs = cursor.head?.timestampMs ?? Number.POSITIVE_INFINITY
      if (cursor.head === undefined || (earliest !== undefined && atMs >= earliestMs)) continue
      earliest = cursor
      earliestMs = atMs
    }
    const record = earliest?.take()
    return earliest === undefined || record === undefined ? undefined : { partition: earliest.partition, record }
  }

  /** Per partition, the offset below which every match was taken. Partitions without a range are left out. */
  *positions(): Iterable<readonly [partition: number, position: number]> {
    for (const { partition, position } of this.#cursors) yield [partition, position]
  }

  /** Stops reading. A failure of the reader at this point changes nothing any more. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#cursors.map((cursor) => cursor.close()))
  }
}

/** Not read yet, or its batch is used up. */
function isBlank(cursor: MatchCursor): boolean {
  return cursor.head === undefined && !cursor.isEnded
}
