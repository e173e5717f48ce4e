import { type ErrorCode, isTowlineError } from '@towline/contracts'
import type { NdjsonLine } from '../input/ndjson-reader.ts'

/** What became of one line. */
export type LineOutcome<T> =
  | { readonly kind: 'done'; readonly line: number; readonly result: T }
  | { readonly kind: 'failed'; readonly line: number; readonly error: unknown }

export interface LinesSummary {
  readonly done: number
  readonly failed: number
  /** The first error, of whatever line. */
  readonly firstError: unknown
  /** The last line that was read, when reading stopped at an error of the cluster; null when all were read. */
  readonly stoppedAfterLine: number | null
}

export interface LinesOptions<T> {
  /** Never called while `hasRoom` says no, except when nothing is under way. */
  publish(value: unknown, line: number): Promise<T>
  hasRoom(): boolean
  /** In the order of the lines. */
  onOutcome(outcome: LineOutcome<T>): void
}

/** Most lines under way. */
const WINDOW = 1_000

/** Errors of the cluster, not of the line: going on would only repeat them for every line that is left. */
const FATAL: ReadonlySet<ErrorCode> = new Set([
  'TOWLINE_BROKER_UNAVAILABLE',
  'TOWLINE_REGISTRY_UNAVAILABLE',
  'TOWLINE_SCHEMA_UNREGISTERED',
  'TOWLINE_TOPIC_MISSING',
  'TOWLINE_PUBLISH_FAILED',
  'TOWLINE_PRODUCER_CLOSED',
])

/**
 * Publishes line by line, many under way at once, in bounded memory. A bad line is an outcome and the others go on; an
 * error of the cluster ends the reading, and what is under way still settles. Until one line was published they go one
 * by one, so that a cluster that is out costs one error, not a window of them.
 */
export async function publishLines<T>(
  lines: AsyncIterable<NdjsonLine>,
  options: LinesOptions<T>,
): Promise<LinesSummary> {
  const tally = new Tally(options.onOutcome)
  const underWay: Promise<void>[] = []
  const isFull = (): boolean => underWay.length >= (tally.done === 0 ? 1 : WINDOW) || !options.hasRoom()
  let lastLine = 0
  for await (const line of lines) {
    lastLine = line.line
    underWay.push(tell(outcomeOf(line, options), underWay.at(-1)))
    while (underWay.length > 0 && isFull()) await underWay[0]
    if (tally.isStopped) break
  }
  await underWay.at(-1)
  const { done, failed, firstError, isStopped } = tally
  return { done, failed, firstError, stoppedAfterLine: isStopped ? lastLine : null }

  /** As soon as it is known and the one before was told: whoever reads the output may wait for it. */
  async function tell(outcome: Promise<LineOutcome<T>>, before: Promise<void> | undefined): Promise<void> {
    const known = await outcome
    await before
    tally.add(known)
    void underWay.shift()
  }
}

async function outcomeOf<T>(line: NdjsonLine, options: LinesOptions<T>): Promise<LineOutcome<T>> {
  if (line.kind === 'problem') return { kind: 'failed', line: line.line, error: line.error }
  try {
    return { kind: 'done', line: line.line, result: await options.publish(line.value, line.line) }
  } catch (error) {
    return { kind: 'failed', line: line.line, error }
  }
}

class Tally<T> {
  done = 0
  failed = 0
  firstError: unknown
  isStopped = false
  readonly #onOutcome: (outcome: LineOutcome<T>) => void

  constructor(onOutcome: (outcome: LineOutcome<T>) => void) {
    this.#onOutcome = onOutcome
  }

  add(outcome: LineOutcome<T>): void {
    if (outcome.kind === 'done') this.done += 1
    else this.#addFailure(outcome.error)
    this.#onOutcome(outcome)
  }

  #addFailure(error: unknown): void {
    this.failed += 1
    this.firstError ??= error
    if (isTowlineError(error) && FATAL.has(error.code)) this.isStopped = true
  }
}
