import type { ShownValue, TaskReport } from '@towline/fleet'
import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { momentMs, wholeNumber } from '../input/parse-option.ts'
import { formatMoment, formatSpan } from '../output/format-value.ts'
import { printable, printableLines } from '../output/printable.ts'
import { renderFields } from '../output/table.ts'
import type { Session } from '../session.ts'

interface GetOptions {
  readonly since?: number
  readonly key?: string
  readonly scanLimit?: number
}

export function tasksCommand(cli: Cli): Command {
  const get = new Command('get')
    .description('What the log says of one task: state, attempts, failure, input, output')
    .argument('<agent>', 'agent type')
    .argument('<id>', 'task id')
    .option(
      '--since <moment>',
      'search from here (-2h, ISO); needed for ids that hold no time',
      momentMs(() => cli.io.clock.nowMs()),
    )
    .option('--key <key>', 'its ordering key: reads one partition instead of all')
    .option('--scan-limit <n>', 'look at no more records (default 1,000,000)', wholeNumber(1, 1_000_000_000))
    .action(cli.action(getTask))
  withExamples(get, [
    ['towline tasks get digest 019a7b2c-8d5e-7c31-9f0a-2b4c6d8e0f12', 'state and result'],
    ['towline tasks get digest 019a7b2c-8d5e-7c31-9f0a-2b4c6d8e0f12 -o json', 'as JSON'],
  ])
  return new Command('tasks').description('Single tasks').addCommand(get)
}

async function getTask(session: Session, agent: string, taskId: string, options: GetOptions): Promise<ExitCode> {
  const fleet = await session.fleet()
  const report = await fleet.task(agent, taskId.toLowerCase(), {
    signal: session.io.interrupted,
    ...(options.since === undefined ? {} : { sinceMs: options.since }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.scanLimit === undefined ? {} : { maxRecords: options.scanLimit }),
  })
  session.out.document(report, reportText(report, session.io.clock.nowMs()))
  return EXIT.ok
}

function reportText(report: TaskReport, nowMs: number): string {
  const { failure, dueAtMs, origin, position } = report
  return renderFields([
    ['task', `${report.taskId} of ${report.agent}`],
    ['state', report.reason === null ? report.state : `${report.state} (${report.reason})`],
    ['life', String(report.life)],
    ['attempts', report.mayHaveRun ? `${report.attempts}, and perhaps one more` : String(report.attempts)],
    ['key', printableOr(report.key)],
    ['tenant', printableOr(report.tenant)],
    ['parent', printableOr(report.parent)],
    ['replay', printableOr(report.replayId)],
    ['queued', momentOr(report.queuedAtMs)],
    ['started', momentOr(report.startedAtMs)],
    ['finished', momentOr(report.finishedAtMs)],
    ['due', dueAtMs === null ? undefined : `${formatMoment(dueAtMs)} (${dueText(dueAtMs - nowMs)})`],
    ['deadline', momentOr(report.deadlineAtMs)],
    ['runner', printableOr(report.runnerId)],
    ['origin', origin === null ? undefined : positionText(origin)],
    ['waits at', position === null ? undefined : positionText(position)],
    ['failure', failure === null ? undefined : failureText(failure)],
    ...report.earlierEnds.map((end): [string, string] => [
      `life ${end.life}`,
      `${end.end} at ${formatMoment(end.finishedAtMs)}`,
    ]),
    ['input', valueText(report.input)],
    ['output', valueText(report.output)],
  ])
}

function dueText(inMs: number): string {
  return inMs > 0 ? `in ${formatSpan(inMs)}` : `${formatSpan(-inMs)} ago`
}

function failureText(failure: NonNullable<TaskReport['failure']>): string {
  const line = printable(
    `attempt ${failure.attempt} at ${formatMoment(failure.atMs)}: ${failure.code}: ${failure.message}`,
  )
  return failure.stack === undefined ? line : `${line}\n${printableLines(failure.stack)}`
}

function valueText(value: ShownValue | null): string | undefined {
  if (value === null) return undefined
  if (value.kind === 'undecodable') return printable(value.because)
  return `${value.schema}\n${printableLines(JSON.stringify(value.value, null, 2))}`
}

function positionText({ topic, partition, offset }: NonNullable<TaskReport['origin']>): string {
  return `${topic}/${partition}/${offset}`
}

function momentOr(atMs: number | null): string | undefined {
  return atMs === null ? undefined : formatMoment(atMs)
}

function printableOr(text: string | null): string | undefined {
  return text === null ? undefined : printable(text)
}
