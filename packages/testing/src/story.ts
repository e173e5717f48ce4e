import { formatAttempt, type History, type HistoryEvent } from './history.ts'
import type { Counterexample } from './verdict.ts'

/** Lines of background that are told; a task that runs for minutes has more. */
const MAX_BACKGROUND = 30

/** A broken promise as a short story: what happened when, where, by whom; then what else is known of its tasks. */
export function tell(broken: {
  readonly counterexample: Counterexample
  readonly others: number
  readonly background: History
}): string {
  const { counterexample, others, background } = broken
  const { rule, events } = counterexample
  const startMs = events[0]?.atMs ?? 0
  const lines = [`${rule}:`, ...events.map((event) => line(event, startMs))]
  if (others > 0) lines.push(`and ${others} more like it`)
  if (background.length > 0) {
    lines.push('What else is told of it:')
    const inTime = background.toSorted((a, b) => a.atMs - b.atMs)
    lines.push(...inTime.slice(0, MAX_BACKGROUND).map((event) => line(event, startMs)))
    if (inTime.length > MAX_BACKGROUND) lines.push(`  … and ${inTime.length - MAX_BACKGROUND} events more`)
  }
  lines.push(`(+0 ms is ${new Date(startMs).toISOString()})`)
  return lines.join('\n')
}

function line(event: HistoryEvent, startMs: number): string {
  const sinceMs = event.atMs - startMs
  return `  ${`${sinceMs < 0 ? '' : '+'}${sinceMs} ms`.padStart(10)}  ${sentence(event)}`
}

function sentence(event: HistoryEvent): string {
  switch (event.kind) {
    case 'published':
      return `task ${event.taskId} was published at ${place(event)}, ${keyed(event.key)}`
    case 'end':
      return `end of ${event.taskId}/${event.life} at ${place(event)}: ${event.end}, by ${event.runner}`
    case 'letter':
      return `dead letter of ${event.taskId}/${event.life} at ${place(event)}`
    case 'resolution':
      return `${event.taskId}/${event.life} is ${event.resolvedAs} at ${place(event)}`
    case 'started':
      return `${event.runner} started ${formatAttempt(event)}, ${keyed(event.key)}${event.mayHaveRun ? ', which may have run' : ''}`
    case 'returned':
      return `${event.runner} returned from ${formatAttempt(event)}`
    case 'threw':
      return `${event.runner} threw in ${formatAttempt(event)}`
    case 'ended':
      return `${event.runner} had written the end of ${formatAttempt(event)} of ${place(event)}`
    case 'retried':
      return `${event.runner} had moved ${formatAttempt(event)} of ${place(event)} to a tier`
    case 'parked':
      return `${event.runner} parked ${formatAttempt(event)} of ${place(event)}`
    case 'assigned':
    case 'lost':
      return `${event.runner} ${event.kind === 'lost' ? 'lost' : 'was assigned'} ${event.topic}/${event.partition}`
    case 'committed':
      return `${event.runner} had a commit of ${event.topic} confirmed, asked for ${event.durationMs} ms before`
    case 'registry':
      return `${event.runner} found the registry ${event.isOut ? 'out' : 'back'}`
    case 'state':
      return `${event.runner} is ${event.to}`
    case 'log':
      return `${event.runner} logged ${event.message}${event.error === undefined ? '' : `: ${event.error}`}`
  }
}

function place({ topic, partition, offset }: { topic: string; partition: number; offset: number }): string {
  return `${topic}/${partition}@${offset}`
}

function keyed(key: string | null): string {
  return key === null ? 'unkeyed' : `key ${key}`
}
