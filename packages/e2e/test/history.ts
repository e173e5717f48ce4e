import { formatLife, type TaskResult } from '@towline/contracts'
import type { Execution, JournalEntry } from './journal.ts'
import type { EndRecord, Published } from './test-fleet.ts'

// What must hold of a whole history: of everything published, everything run and every end. Each check returns what
// breaks its promise; an empty list is the proof.

type Started = JournalEntry<'started'>
type HandlerEntry = JournalEntry<'started' | 'returned' | 'threw'>

/** The end that counts of each (task id, life): the first one in its partition. */
export function countingEnds(ends: readonly EndRecord[]): ReadonlyMap<string, TaskResult> {
  const counting = new Map<string, TaskResult>()
  for (const { life, result } of ends) if (!counting.has(life)) counting.set(life, result)
  return counting
}

/** P1: published tasks without an end in their first life, and ends of what nobody published. */
export function unaccounted(published: readonly Published[], ends: readonly EndRecord[]): readonly string[] {
  const ended = new Set(countingEnds(ends).keys())
  const accepted = new Set(published.map(({ taskId }) => formatLife({ taskId, life: 1 })))
  return [
    ...[...accepted].filter((life) => !ended.has(life)).map((life) => `${life} has no end`),
    ...[...ended].filter((life) => !accepted.has(life)).map((life) => `${life} ended and was never published`),
  ]
}

/** Starts of one attempt after the first, each with the start before it. */
export function reruns(
  entries: readonly JournalEntry[],
): readonly { readonly before: Started; readonly again: Started }[] {
  const latest = new Map<string, Started>()
  const found: { before: Started; again: Started }[] = []
  for (const entry of entries) {
    if (entry.kind !== 'started') continue
    const before = latest.get(attemptOf(entry))
    if (before !== undefined) found.push({ before, again: entry })
    latest.set(attemptOf(entry), entry)
  }
  return found
}

/** Two clocks' readings and a duration round differently. */
const ROUNDING_MS = 3

/** P2: attempts that ran again although a commit that covers their end was confirmed before. */
export function unjustifiedReruns(entries: readonly JournalEntry[]): readonly string[] {
  return reruns(entries)
    .filter(({ before, again }) => hasCoveringCommit(entries, before, again))
    .map(
      ({ before, again }) => `${attemptOf(again)} ran again in ${again.runner}: ${before.runner} had committed its end`,
    )
}

/** P2: attempts that ran again and were not told so. */
export function unmarkedReruns(entries: readonly JournalEntry[]): readonly string[] {
  return reruns(entries)
    .filter(({ again }) => !again.mayHaveRun)
    .map(({ again }) => `${attemptOf(again)} ran again in ${again.runner}, not marked mayHaveRun`)
}

/** Whether the runner of a start, while it still held the partition, had a commit confirmed that covers the end. */
function hasCoveringCommit(entries: readonly JournalEntry[], start: Started, again: Started): boolean {
  const between = entries
    .slice(entries.indexOf(start), entries.indexOf(again))
    .filter(({ runner }) => runner === start.runner)
  const isEnd = (entry: JournalEntry): entry is JournalEntry<'ended'> =>
    entry.kind === 'ended' && attemptOf(entry) === attemptOf(start)
  const ended = between.find(isEnd)
  if (ended === undefined) return false
  const { topic, partition, atMs } = ended
  const lostAt = between.findIndex(
    (entry) => entry.kind === 'lost' && entry.topic === topic && entry.partition === partition,
  )
  return between.some((entry, at) => {
    if (entry.kind !== 'committed' || entry.topic !== topic || (lostAt !== -1 && at > lostAt)) return false
    return entry.atMs - entry.durationMs > atMs + ROUNDING_MS
  })
}

/** P3: tasks that first succeeded after a later one of their lane had. */
export function orderViolations(
  published: readonly Published[],
  entries: readonly JournalEntry[],
  laneOf: (task: Published) => string | null,
): readonly string[] {
  const tasks = new Map(published.map((task) => [task.taskId, task]))
  const succeeded = new Set<string>()
  const highest = new Map<string, Published>()
  const found: string[] = []
  for (const entry of entries) {
    const task = entry.kind === 'returned' && !succeeded.has(entry.taskId) ? tasks.get(entry.taskId) : undefined
    const lane = task === undefined ? null : laneOf(task)
    if (task === undefined || lane === null) continue
    succeeded.add(task.taskId)
    const before = highest.get(lane)
    if (before !== undefined && before.offset > task.offset) {
      found.push(`lane ${lane}: offset ${task.offset} succeeded after ${before.offset}`)
    } else highest.set(lane, task)
  }
  return found
}

/** P3: attempts of one lane that one runner ran at the same time. */
export function overlaps(
  entries: readonly JournalEntry[],
  laneOf: (entry: HandlerEntry) => string | null,
): readonly string[] {
  const running = new Map<string, HandlerEntry>()
  const found: string[] = []
  for (const entry of entries) {
    if (entry.kind !== 'started' && entry.kind !== 'returned' && entry.kind !== 'threw') continue
    const lane = laneOf(entry)
    if (lane === null) continue
    const place = `${entry.runner} ${lane}`
    const other = running.get(place)
    if (entry.kind !== 'started') {
      if (other?.taskId === entry.taskId) running.delete(place)
    } else if (other !== undefined) found.push(`${place}: ${entry.n} started while ${other.n} ran`)
    else running.set(place, entry)
  }
  return found
}

function attemptOf({ taskId, life, attempt }: Execution): string {
  return `${formatLife({ taskId, life })}#${attempt}`
}
