import { appendFileSync, readFileSync } from 'node:fs'
import type { Runner, TaskRef } from '@towline/runner'
import type { Execution, HistoryEvent, HistoryEventMap, HistoryKind } from '@towline/testing'

/** What a runner tells, in contrast to what anyone may read in Kafka. */
type Kind = Exclude<HistoryKind, 'published' | 'end' | 'letter' | 'resolution'>

/** Handlers also tell the number in their task. */
type Entries = {
  readonly [K in Kind]: HistoryEvent<K> &
    (HistoryEventMap[K] extends { readonly key: unknown } ? { readonly n: number } : unknown)
}

/** An entry of one of some kinds, with who wrote it and when (epoch milliseconds). */
export type JournalEntry<K extends Kind = Kind> = Entries[K]

type WithoutAuthor<E> = E extends unknown ? Omit<E, 'runner' | 'atMs'> : never

/**
 * A file that several processes append lines to. An append is one write of the operating system: lines never mix, their
 * order is the order of the moments, and a process killed the moment after has written its line.
 */
export class Journal {
  readonly path: string
  readonly runner: string

  constructor(path: string, runner: string) {
    this.path = path
    this.runner = runner
  }

  /** The same file, for another writer. */
  by(runner: string): Journal {
    return new Journal(this.path, runner)
  }

  write(event: WithoutAuthor<JournalEntry>): void {
    appendFileSync(this.path, `${JSON.stringify({ ...event, runner: this.runner, atMs: Date.now() })}\n`)
  }

  /** Everything written so far, in order. */
  entries(): readonly JournalEntry[] {
    return linesOf(this.path).map((line) => JSON.parse(line) as JournalEntry)
  }

  /** What of some kinds was written, in order. */
  of<K extends Kind>(...kinds: readonly K[]): readonly JournalEntry<K>[] {
    return this.entries().filter(({ kind }) => (kinds as readonly Kind[]).includes(kind)) as JournalEntry<K>[]
  }

  /** Partitions of a topic this runner holds now. */
  held(topic: string): ReadonlySet<number> {
    const held = new Set<number>()
    for (const entry of this.of('assigned', 'lost')) {
      if (entry.runner !== this.runner || entry.topic !== topic) continue
      if (entry.kind === 'assigned') held.add(entry.partition)
      else held.delete(entry.partition)
    }
    return held
  }
}

/** Writes down what a runner tells. */
export function follow({ events }: Runner, journal: Pick<Journal, 'write'>): void {
  events.on('task:ended', (ref) => journal.write({ kind: 'ended', ...refOf(ref) }))
  events.on('task:retried', (ref) => journal.write({ kind: 'retried', ...refOf(ref) }))
  events.on('task:parked', (ref) => journal.write({ kind: 'parked', ...refOf(ref) }))
  events.on('partition:assigned', ({ topic, partition }) => journal.write({ kind: 'assigned', topic, partition }))
  events.on('partition:lost', ({ topic, partition }) => journal.write({ kind: 'lost', topic, partition }))
  events.on('commit:confirmed', ({ topic, durationMs }) => journal.write({ kind: 'committed', topic, durationMs }))
  events.on('registry:unavailable', () => journal.write({ kind: 'registry', isOut: true }))
  events.on('registry:recovered', () => journal.write({ kind: 'registry', isOut: false }))
  events.on('runner:state', ({ to }) => journal.write({ kind: 'state', to }))
}

function refOf({
  taskId,
  life,
  attempt,
  topic,
  partition,
  offset,
}: TaskRef): Execution & Pick<TaskRef, 'topic' | 'partition' | 'offset'> {
  return { taskId, life, attempt, topic, partition, offset }
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
