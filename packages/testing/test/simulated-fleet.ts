import { delayBeforeRetry } from '@towline/contracts'
import type { HistoryEvent } from '@towline/testing'

export const DELAYS_MS = [40, 90] as const
const MAX_ATTEMPTS = 3
const MAX_LIFE = 3
const PARTITIONS = 2

/** A record of the tasks topic and how far it has come. */
interface Entry {
  readonly taskId: string
  readonly key: string | null
  readonly life: number
  readonly partition: number
  readonly offset: number
  /** Attempts up to this one fail. */
  readonly fails: number
  attempt: number
  dueAtMs: number
  mayHaveRun: boolean
  phase: 'waiting' | 'running' | 'finished' | 'ended'
  succeeds: boolean
  endedAtMs: number
  isCommitted: boolean
  isOpenLetter: boolean
}

/** An attempt whose runner no longer holds the partition: it runs to its end, and changes nothing. */
interface Orphan {
  readonly runner: string
  readonly of: Pick<Entry, 'taskId' | 'key' | 'life' | 'attempt'>
}

/**
 * A fleet that keeps every promise, driven by numbers: it publishes, runs, fails, parks, dead-letters, commits, dies,
 * freezes, rebalances, redrives and purges, and writes down its history.
 */
export class SimulatedFleet {
  readonly history: HistoryEvent[] = []
  readonly #entries: Entry[] = []
  readonly #owners: string[] = []
  readonly #orphans: Orphan[] = []
  #runners = 0
  #nowMs = 1_700_000_000_000

  constructor() {
    for (let partition = 0; partition < PARTITIONS; partition += 1) this.#takeOver(partition)
  }

  /** Does what these numbers say, then lets everything come to its end. */
  static run(numbers: readonly number[]): readonly HistoryEvent[] {
    const fleet = new SimulatedFleet()
    for (const number of numbers) fleet.#step(number)
    while (fleet.#entries.some(({ isCommitted }) => !isCommitted)) fleet.#settle(numbers.length)
    return fleet.history
  }

  #step(number: number): void {
    this.#nowMs += number % 17
    const choice = Math.floor(number / 17)
    const actions = [
      () => this.#publish(choice),
      () => this.#startOne(choice),
      () => this.#finishOne(choice),
      () => this.#endOne(choice),
      () => this.#commit(choice % PARTITIONS, choice % 5),
      () => this.#handOver(choice % PARTITIONS, { isTold: choice % 2 === 0 }),
      () => this.#endOrphan(),
      () => this.#resolve(choice),
    ]
    const weights = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 6, 6, 7]
    actions[weights[choice % weights.length] ?? 0]?.()
  }

  /** A round in which everything that can go on does, and one dead letter is resolved. */
  #settle(choice: number): void {
    this.#nowMs += 50
    for (let round = this.#entries.length; round > 0; round -= 1) {
      this.#startOne(0)
      this.#finishOne(0)
      this.#endOne(0)
    }
    this.#nowMs += 10
    for (let partition = 0; partition < PARTITIONS; partition += 1) this.#commit(partition, 0)
    this.#resolve(choice)
  }

  #publish(choice: number): void {
    const keyed = choice % 3 !== 0
    const task = {
      taskId: `00000000-0000-4000-8000-${String(this.#entries.length).padStart(12, '0')}`,
      key: keyed ? `key-${choice % 4}` : null,
      partition: (keyed ? choice % 4 : choice) % PARTITIONS,
    }
    const fails = [0, 0, 1, 2, 99, 99][choice % 6] ?? 0
    const { offset } = this.#append({ ...task, life: 1, fails })
    this.#write({ kind: 'published', topic: 'tasks', ...task, offset })
  }

  #append(task: Pick<Entry, 'taskId' | 'key' | 'partition' | 'life' | 'fails'>): Entry {
    const offset = this.#entries.filter(({ partition }) => partition === task.partition).length
    const progress = { attempt: 1, dueAtMs: 0, mayHaveRun: false, phase: 'waiting', succeeds: false } as const
    const entry: Entry = { ...task, ...progress, offset, endedAtMs: 0, isCommitted: false, isOpenLetter: false }
    this.#entries.push(entry)
    return entry
  }

  #startOne(choice: number): void {
    const entry = pick(
      choice,
      this.#entries.filter((entry) => this.#mayStart(entry)),
    )
    if (entry === undefined) return
    entry.phase = 'running'
    this.#write({ kind: 'started', ...attemptOf(entry), mayHaveRun: entry.mayHaveRun, runner: this.#ownerOf(entry) })
  }

  #mayStart(entry: Entry): boolean {
    if (entry.phase !== 'waiting' || entry.dueAtMs > this.#nowMs) return false
    const isBefore = (other: Entry): boolean =>
      other.key === entry.key && other.partition === entry.partition && other.offset < entry.offset
    return entry.key === null || !this.#entries.some((other) => isBefore(other) && other.phase !== 'ended')
  }

  #finishOne(choice: number): void {
    const entry = pick(
      choice,
      this.#entries.filter(({ phase }) => phase === 'running'),
    )
    if (entry === undefined) return
    const runner = this.#ownerOf(entry)
    entry.succeeds = entry.attempt > entry.fails
    this.#write({ kind: entry.succeeds ? 'returned' : 'threw', ...attemptOf(entry), runner })
    if (entry.succeeds || entry.attempt === MAX_ATTEMPTS) {
      entry.phase = 'finished'
      return
    }
    this.#write({ kind: 'parked', ...recordOf(entry), attempt: entry.attempt, runner })
    entry.dueAtMs = this.#nowMs + delayBeforeRetry(DELAYS_MS, entry.attempt)
    entry.attempt += 1
    entry.mayHaveRun = false
    entry.phase = 'waiting'
  }

  #endOne(choice: number): void {
    const entry = pick(
      choice,
      this.#entries.filter(({ phase }) => phase === 'finished'),
    )
    if (entry === undefined) return
    const runner = this.#ownerOf(entry)
    if (!entry.succeeds) this.#write({ kind: 'letter', ...recordOf(entry), topic: 'dlq' })
    const end = entry.succeeds ? 'succeeded' : 'dead-lettered'
    this.#write({ kind: 'end', ...recordOf(entry), topic: 'results', end, runner })
    this.#write({ kind: 'ended', ...recordOf(entry), attempt: entry.attempt, runner })
    Object.assign(entry, { phase: 'ended', endedAtMs: this.#nowMs, isOpenLetter: !entry.succeeds })
  }

  #commit(partition: number, durationMs: number): void {
    const runner = this.#owners[partition] ?? ''
    this.#write({ kind: 'committed', topic: 'tasks', durationMs, runner })
    for (const entry of this.#entries) {
      if (entry.partition !== partition || entry.phase !== 'ended') continue
      if (entry.endedAtMs < this.#nowMs - durationMs) entry.isCommitted = true
    }
  }

  /** The owner loses a partition: told in a rebalance, or, as the dead and the frozen, not. */
  #handOver(partition: number, { isTold }: { readonly isTold: boolean }): void {
    const runner = this.#owners[partition] ?? ''
    if (isTold) this.#write({ kind: 'lost', topic: 'tasks', partition, runner })
    for (const entry of this.#entries) {
      if (entry.partition !== partition || entry.phase === 'waiting' || entry.isCommitted) continue
      if (entry.phase === 'running') this.#orphans.push({ runner, of: { ...entry } })
      Object.assign(entry, { phase: 'waiting', mayHaveRun: true })
    }
    this.#takeOver(partition)
  }

  #takeOver(partition: number): void {
    this.#runners += 1
    this.#owners[partition] = `runner-${this.#runners}`
    this.#write({ kind: 'assigned', topic: 'tasks', partition, runner: this.#owners[partition] })
  }

  #endOrphan(): void {
    const orphan = this.#orphans.shift()
    if (orphan !== undefined) this.#write({ kind: 'threw', ...attemptOf(orphan.of), runner: orphan.runner })
  }

  /** Redrives or purges an open letter. */
  #resolve(choice: number): void {
    const entry = pick(
      choice,
      this.#entries.filter(({ isCommitted, isOpenLetter }) => isCommitted && isOpenLetter),
    )
    if (entry === undefined) return
    const resolvedAs = choice % 3 === 0 || entry.life === MAX_LIFE ? 'purged' : 'redriven'
    this.#write({ kind: 'resolution', ...recordOf(entry), topic: 'dlq', resolvedAs })
    entry.isOpenLetter = false
    const { taskId, key, partition } = entry
    if (resolvedAs === 'redriven')
      this.#append({ taskId, key, partition, life: entry.life + 1, fails: choice % 2 ? 99 : 0 })
  }

  #ownerOf({ partition }: Entry): string {
    return this.#owners[partition] ?? ''
  }

  #write(event: WithoutTime<HistoryEvent>): void {
    this.history.push({ ...event, atMs: this.#nowMs })
  }
}

type WithoutTime<E> = E extends unknown ? Omit<E, 'atMs'> : never

function attemptOf({ taskId, key, life, attempt }: Orphan['of']): Orphan['of'] {
  return { taskId, key, life, attempt }
}

function recordOf({ taskId, life, partition, offset }: Entry): Pick<
  Entry,
  'taskId' | 'life' | 'partition' | 'offset'
> & {
  readonly topic: string
} {
  return { taskId, life, topic: 'tasks', partition, offset }
}

function pick<T>(choice: number, among: readonly T[]): T | undefined {
  return among[choice % Math.max(1, among.length)]
}
