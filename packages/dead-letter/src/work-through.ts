import { isTowlineError, TowlineError } from '@towline/contracts'
import type { KafkaRecord, TopicPartition } from '@towline/kafka'
import type { DeadLetter } from './dead-letter.ts'
import { type Letter, readDeadLetterRecord } from './dead-letter-record.ts'
import { InFlightWindow } from './in-flight-window.ts'
import type { LedgerPorts } from './ledger-ports.ts'
import type { LetterAction } from './letter-action.ts'
import type { Pace } from './pace.ts'
import { batchesOf } from './read-range.ts'
import type { ResolveOutcome } from './resolve-report.ts'

// Reads the payloads of chosen dead letters again, in the order of the log, and applies an action to each.
//   W1. Letters of one partition are started in offset order, so that tasks of one key go back in the order they died.
//   W2. Every letter is settled at most once; those never started are not settled.
//   W3. Once the signal is aborted or a write went unacknowledged nothing more is started; what is under way is awaited.

const MAX_UNDER_WAY = 100
const MAX_UNDER_WAY_BYTES = 8 * 1024 * 1024
/** Letters further apart than this are read apart. */
const MAX_GAP_RECORDS = 500

type ReadPorts = Pick<LedgerPorts, 'admin' | 'reader' | 'names'>

export interface Work {
  readonly action: LetterAction
  readonly pace: Pace
  readonly settle: (entry: DeadLetter, outcome: ResolveOutcome) => void
  readonly signal?: AbortSignal
}

/** Resolves to why it ended early, or null. Rejects only with what `settle` threw, once nothing is under way any more. */
export async function workThrough(
  ports: ReadPorts,
  letters: readonly DeadLetter[],
  work: Work,
): Promise<'signal' | 'failure' | null> {
  const run = new WorkRun(work)
  for (const letterRun of runsOf(letters)) {
    if (run.stoppedBy() !== null) break
    await run.through(ports, letterRun)
  }
  await run.finished()
  return run.stoppedBy()
}

class WorkRun {
  readonly #work: Work
  readonly #window = new InFlightWindow(MAX_UNDER_WAY, MAX_UNDER_WAY_BYTES)
  readonly #thrownBySettle: unknown[] = []
  #failed = false

  constructor(work: Work) {
    this.#work = work
  }

  stoppedBy(): 'signal' | 'failure' | null {
    if (this.#failed || this.#thrownBySettle.length > 0) return 'failure'
    return this.#work.signal?.aborted === true ? 'signal' : null
  }

  async finished(): Promise<void> {
    await this.#window.empty()
    if (this.#thrownBySettle.length > 0) throw this.#thrownBySettle[0]
  }

  /** Reads a run of letters and starts each; those the log no longer holds are settled as failed. */
  async through(ports: ReadPorts, run: LetterRun): Promise<void> {
    const waiting = new Map(run.letters.map((entry) => [entry.offset, entry]))
    try {
      await this.#start(ports, run, waiting)
    } catch (thrown) {
      const left = [...waiting.values()]
      if (isTowlineError(thrown, 'TOWLINE_OFFSET_OUT_OF_RANGE')) await this.#afterRetention(ports, left, thrown)
      else this.#readFailed(left, thrown)
    }
  }

  async #start({ reader, names }: ReadPorts, run: LetterRun, waiting: Map<number, DeadLetter>): Promise<void> {
    const tp = { topic: names.dlq, partition: run.partition }
    const range = { tp, from: run.letters[0].offset, to: (run.letters.at(-1) ?? run.letters[0]).offset + 1 }
    for await (const records of batchesOf(reader, range, this.#work.signal)) {
      for (const record of records) {
        const entry = waiting.get(record.offset)
        if (entry === undefined) continue
        if (!(await this.#turn(record))) return // W3
        waiting.delete(record.offset)
        void this.#window.run(bytesOf(record), async () => this.#settle(entry, await this.#apply(tp, entry, record)))
      }
    }
    for (const entry of waiting.values()) this.#settle(entry, { kind: 'failed', error: gone(entry) })
  }

  /** Retention passed letters that were not started yet: goes on with those it left. */
  async #afterRetention(ports: ReadPorts, letters: readonly DeadLetter[], thrown: Error): Promise<void> {
    const low = await this.#lowOf(ports, letters)
    const lost = letters.filter(({ offset }) => offset < low)
    if (lost.length === 0) return this.#readFailed(letters, thrown)
    for (const entry of lost) this.#settle(entry, { kind: 'failed', error: gone(entry) })
    for (const run of runsOf(letters.slice(lost.length))) await this.through(ports, run)
  }

  /** The first offset the partition of these letters still holds; 0 where nobody answers. */
  async #lowOf({ admin, names }: ReadPorts, letters: readonly DeadLetter[]): Promise<number> {
    try {
      const offsets = await admin.offsets(names.dlq)
      return offsets.find(({ partition }) => partition === letters[0]?.partition)?.low ?? 0
    } catch {
      return 0 // Then nothing counts as lost, and the letters fail with the error of the read.
    }
  }

  async #turn(record: KafkaRecord): Promise<boolean> {
    if (this.stoppedBy() !== null) return false
    await this.#window.room(bytesOf(record))
    if (this.stoppedBy() === null) await this.#work.pace.turn(this.#work.signal)
    return this.stoppedBy() === null
  }

  async #apply(tp: TopicPartition, entry: DeadLetter, record: KafkaRecord): Promise<ResolveOutcome> {
    const read = readDeadLetterRecord(tp, record)
    if (read.kind !== 'letter' || !isLetterOf(read.letter, entry)) {
      return { kind: 'failed', error: gone(entry) }
    }
    try {
      const sentTo = await this.#work.action.apply(entry, read.letter)
      return { kind: this.#work.action.resolvedAs, sentTo }
    } catch (thrown) {
      if (!isTowlineError(thrown) || thrown.retriable) this.#failed = true
      return { kind: 'failed', error: errorOf(thrown) }
    }
  }

  #settle(entry: DeadLetter, outcome: ResolveOutcome): void {
    try {
      this.#work.settle(entry, outcome)
    } catch (thrown) {
      this.#thrownBySettle.push(thrown)
    }
  }

  #readFailed(waiting: Iterable<DeadLetter>, thrown: unknown): void {
    if (this.#work.signal?.aborted === true) return
    this.#failed = true
    for (const entry of waiting) this.#settle(entry, { kind: 'failed', error: errorOf(thrown) })
  }
}

/** Letters of one partition, close enough to be read as one range, by offset. */
interface LetterRun {
  readonly partition: number
  readonly letters: [DeadLetter, ...DeadLetter[]]
}

function runsOf(letters: readonly DeadLetter[]): LetterRun[] {
  const runs: LetterRun[] = []
  for (const letter of letters.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset)) {
    const run = runs.at(-1)
    const lastOffset = run?.letters.at(-1)?.offset ?? 0
    if (run?.partition === letter.partition && letter.offset - lastOffset <= MAX_GAP_RECORDS) run.letters.push(letter)
    else runs.push({ partition: letter.partition, letters: [letter] })
  }
  return runs
}

function bytesOf({ key, value }: KafkaRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0)
}

function isLetterOf({ envelope }: Letter, { taskId, life }: DeadLetter): boolean {
  return envelope.taskId === taskId && envelope.life === life
}

function gone({ taskId, life }: DeadLetter): TowlineError {
  return new TowlineError('TOWLINE_DEAD_LETTER_NOT_FOUND', `dead letter ${taskId}/${life} is no longer retained`, {
    value: `${taskId}/${life}`,
    wayOut: 'List those that are: towline dlq list',
  })
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
