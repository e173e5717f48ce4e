import { type End, formatLife, type LifeOfTask, type RecordPosition, type Resolution } from '@towline/contracts'

/** One execution of one task. */
export interface Execution extends LifeOfTask {
  /** 1-based within the life. */
  readonly attempt: number
}

interface Told {
  /** The process that tells it. */
  readonly runner: string
}

interface HandlerEvent extends Execution {
  readonly key: string | null
}

type RecordOfTask = LifeOfTask & RecordPosition
type RecordOfAttempt = Execution & RecordPosition
type PartitionEvent = Pick<RecordPosition, 'topic' | 'partition'>

/** What a history is made of, by kind. Records, as anyone may read them, are nouns; the rest is what somebody told. */
export interface HistoryEventMap {
  /** Kafka acknowledged a new task, in its first life, to its publisher. */
  readonly published: Omit<RecordOfTask, 'life'> & { readonly key: string | null }
  /** A record of `<agent>.results`. The first of a life in its partition counts. */
  readonly end: RecordOfTask & { readonly end: End; readonly runner: string }
  /** A dead letter in `<agent>.dlq`. The first of a life counts. */
  readonly letter: RecordOfTask
  /** A resolution of the dead letter of this life. `redriven` begins the next life. */
  readonly resolution: RecordOfTask & { readonly resolvedAs: Resolution }

  /** From the handler, which is the truth about what ran. */
  readonly started: Told & HandlerEvent & { readonly mayHaveRun: boolean }
  readonly returned: Told & HandlerEvent
  readonly threw: Told & HandlerEvent
  /** Kafka had acknowledged its end. */
  readonly ended: Told & RecordOfAttempt
  /** Kafka had acknowledged its move to a tier. */
  readonly retried: Told & RecordOfAttempt
  /** It waits in this runner. */
  readonly parked: Told & RecordOfAttempt
  readonly assigned: Told & PartitionEvent
  readonly lost: Told & PartitionEvent
  /** A commit was confirmed that had been asked for so long before. */
  readonly committed: Told & { readonly topic: string; readonly durationMs: number }
  readonly registry: Told & { readonly isOut: boolean }
  readonly state: Told & { readonly to: string }
  readonly log: Told & { readonly message: string; readonly error?: string }
}

export type HistoryKind = keyof HistoryEventMap

interface Kinded<K extends HistoryKind> {
  readonly kind: K
  /** Epoch milliseconds. */
  readonly atMs: number
}

type AnyEvent = { readonly [K in HistoryKind]: Kinded<K> & HistoryEventMap[K] }[HistoryKind]

/** An event of one of some kinds. */
export type HistoryEvent<K extends HistoryKind = HistoryKind> = Extract<AnyEvent, { readonly kind: K }>

/**
 * Everything that is known of what happened to some tasks. What runners told stands in the order in which it happened,
 * the records of a partition in offset order; the two need not be merged.
 */
export type History = readonly HistoryEvent[]

/** A clock's readings and a duration round differently, by so much. */
export const ROUNDING_MS = 3

/** The events of some kinds, in order. */
export function eventsOf<K extends HistoryKind>(history: History, ...kinds: readonly K[]): readonly HistoryEvent<K>[] {
  const wanted: readonly HistoryKind[] = kinds
  return history.filter(({ kind }) => wanted.includes(kind)) as readonly HistoryEvent[] as readonly HistoryEvent<K>[]
}

/** The task an event is about, if it is about one. */
export function taskOf(event: HistoryEvent): string | undefined {
  return 'taskId' in event ? event.taskId : undefined
}

/** The text of an attempt: `<task id>/<life>#<attempt>`. */
export function formatAttempt({ attempt, ...life }: Execution): string {
  return `${formatLife(life)}#${attempt}`
}

export function isSamePartition(a: PartitionEvent, b: PartitionEvent): boolean {
  return a.topic === b.topic && a.partition === b.partition
}
