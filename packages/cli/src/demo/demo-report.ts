import { formatCount } from '../output/format-value.ts'
import { type Column, renderTable } from '../output/table.ts'
import type { Account } from './account.ts'

/** What the demo did and what the topics say became of it: the document of `towline demo --json`. */
export interface DemoReport {
  /** Addresses of the broker it ran on. */
  readonly broker: string
  readonly published: number
  /** First ends of life 1 of what was published, by kind. */
  readonly succeeded: number
  readonly deadLettered: number
  readonly lost: number
  readonly endedTwice: number
  /** An upper bound: ends whose record says that the task may have run before. */
  readonly ranTwice: number
  readonly retried: number
  /** From the kill of a runner to the next attempt on a partition it held; null when none was left to do. */
  readonly takeOverMs: number | null
  readonly redriven: number
  readonly openDeadLetters: number
  readonly replayed: number
  readonly replayedEnded: number
  /** Whether every published, redriven and replayed task has an end, and what was counted otherwise agrees. */
  readonly balanced: boolean
  readonly elapsedMs: number
}

/** What the demo was told while it did it. */
export interface DemoFacts {
  readonly broker: string
  /** Records that Kafka acknowledged when they were published. */
  readonly acknowledged: number
  /** Dead letters that were acknowledged as redriven, and records as replayed. */
  readonly redriven: number
  readonly replayed: number
  /** Dead letters that the ledger of `towline dlq list` says are open. */
  readonly openDeadLetters: number
  readonly takeOverMs: number | null
  readonly elapsedMs: number
}

/** Holds what was acknowledged against what an independent reader found. */
export function reportOf(account: Account, facts: DemoFacts): DemoReport {
  const { published, succeeded, deadLettered, lost, endedTwice, ranTwice, retried, openDeadLetters } = account
  return {
    broker: facts.broker,
    published,
    succeeded,
    deadLettered,
    lost,
    endedTwice,
    ranTwice,
    retried,
    takeOverMs: facts.takeOverMs,
    redriven: account.redriven,
    openDeadLetters,
    replayed: account.replayed,
    replayedEnded: account.replayedEnded,
    balanced: isBalanced(account, facts),
    elapsedMs: facts.elapsedMs,
  }
}

function isBalanced(account: Account, facts: DemoFacts): boolean {
  return (
    account.published === facts.acknowledged &&
    account.succeeded + account.deadLettered === account.published &&
    account.lost === 0 &&
    account.missingLetters === 0 &&
    account.redriven === facts.redriven &&
    account.redrivenEnded === account.redriven &&
    account.openDeadLetters === facts.openDeadLetters &&
    account.replayed === facts.replayed &&
    account.replayedEnded === account.replayed
  )
}

interface Row {
  readonly name: string
  readonly value: string
  readonly note: string
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'account', value: ({ name }) => name },
  { title: 'tasks', align: 'right', value: ({ value }) => value },
  { title: 'as the topics tell it', value: ({ note }) => note },
]

/** The account for people, at most 80 columns wide. */
export function describeReport(report: DemoReport): string {
  const verdict = report.balanced ? 'The account balances: nothing was lost.' : 'THE ACCOUNT DOES NOT BALANCE.'
  return `${renderTable(COLUMNS, rowsOf(report))}\n${verdict} ${(report.elapsedMs / 1_000).toFixed(1)} s in all.\n`
}

function rowsOf(report: DemoReport): readonly Row[] {
  const row = (name: string, value: number | string, note: string): Row => ({
    name,
    value: typeof value === 'number' ? formatCount(value) : value,
    note,
  })
  const { takeOverMs } = report
  return [
    row('published', report.published, 'in .tasks, each acknowledged by Kafka'),
    row('succeeded', report.succeeded, 'first ends in .results'),
    row('dead-lettered', report.deadLettered, 'first ends in .results, with the error in .dlq'),
    row('lost', report.lost, 'in .tasks and without an end'),
    row('ended twice', report.endedTwice, 'later ends after the crash; the first counts'),
    row('ran twice, at most', report.ranTwice, 'ends that say: it may have run before'),
    row('retried', report.retried, 'attempts that went through a retry tier'),
    row('redriven', report.redriven, 'dead letters sent back after the fix'),
    row('open dead letters', report.openDeadLetters, 'what no fix of the agent can mend'),
    row('replayed', report.replayed, `from .tasks to .replay; ${formatCount(report.replayedEnded)} of them ended`),
    row('take-over', takeOverMs === null ? '-' : `${(takeOverMs / 1_000).toFixed(1)} s`, takeOverNote(takeOverMs)),
  ]
}

function takeOverNote(takeOverMs: number | null): string {
  return takeOverMs === null
    ? 'the killed runner had nothing left to do'
    : 'from SIGKILL to the next attempt on its partitions'
}
