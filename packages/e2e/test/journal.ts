import { appendFileSync, readFileSync } from 'node:fs'
import type { Runner, TaskRef } from '@towline/runner'

/** One execution of one task, as its handler saw it. */
export interface Execution {
  readonly taskId: string
  readonly life: number
  readonly attempt: number
}

interface HandlerEvent extends Execution {
  /** The number in the task. */
  readonly n: number
  readonly key: string | null
}

type TaskEvent = Execution & Pick<TaskRef, 'topic' | 'partition' | 'offset'>
type PartitionEvent = Pick<TaskRef, 'topic' | 'partition'>

/** What runners write down while they work, by kind. */
interface JournalEvents {
  /** From the handler, which is the truth about what ran. */
  readonly started: HandlerEvent & { readonly mayHaveRun: boolean }
  readonly returned: HandlerEvent
  readonly threw: HandlerEvent
  /** Kafka has acknowledged its end. */
  readonly ended: TaskEvent
  readonly retried: TaskEvent
  readonly parked: TaskEvent
  readonly assigned: PartitionEvent
  readonly lost: PartitionEvent
  /** The commit was asked for so long before. */
  readonly committed: { readonly topic: string; readonly durationMs: number }
  readonly registry: { readonly isOut: boolean }
  readonly state: { readonly to: string }
  readonly log: { readonly message: string; readonly error?: string }
}

type Kind = keyof JournalEvents
type JournalEvent = { readonly [K in Kind]: { readonly kind: K } & JournalEvents[K] }[Kind]

/** An entry of one of some kinds, with who wrote it and when (epoch milliseconds). */
export type JournalEntry<K extends Kind = Kind> = Extract<JournalEvent, { kind: K }> & {
  readonly runner: string
  readonly atMs: number
}

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

  write(event: JournalEvent): void {
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
export function follow({ events }: Runner, journal: Journal): void {
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

function refOf({ taskId, life, attempt, topic, partition, offset }: TaskRef): TaskEvent {
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
