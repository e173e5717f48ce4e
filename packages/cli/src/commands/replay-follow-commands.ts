import { TowlineError } from '@towline/contracts'
import type { Replays } from '@towline/fleet'
import type { ReplayReport, ReplayStatus } from '@towline/replay'
import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { guard } from '../guard.ts'
import { cell, formatCount, formatSpan, plural } from '../output/format-value.ts'
import { printable } from '../output/printable.ts'
import { renderFields } from '../output/table.ts'
import { STATUS_COLUMNS, statusJson } from '../replay/replay-text.ts'
import { runWithProgress } from '../replay/run-with-progress.ts'
import type { Session } from '../session.ts'

const EXAMPLE_ID = '019a7b2c-8d5e-7c31-9f0a-2b4c6d8e0f12'

export function replayResumeCommand(cli: Cli): Command {
  const command = named('resume', 'Start a stored plan, or go on with a replay from its checkpoint')
    .option('-y, --yes', 'do it; needed for a plan that never ran')
    .option('--skip-lost', 'go on where retention deleted part of the range')
    .action(cli.action(resume, 'own'))
  return withExamples(command, [[`towline replay resume digest ${EXAMPLE_ID}`, 'after a stop, a kill or a failure']])
}

export function replayStatusCommand(cli: Cli): Command {
  const command = new Command('status')
    .description('Where replays of an agent stand, whoever runs them')
    .argument('<agent>', 'agent type')
    .argument('[replay-id]', 'default: all that have a checkpoint, newest first')
    .action(cli.action(showStatus))
  return withExamples(command, [['towline replay status digest', 'all of them']])
}

export function replayReportCommand(cli: Cli): Command {
  const command = named('report', 'What became of the tasks of a replay, from the results alone').action(
    cli.action(showReport),
  )
  return withExamples(command, [[`towline replay report digest ${EXAMPLE_ID} -o json`, 'ends, failures, durations']])
}

export function replayAbortCommand(cli: Cli): Command {
  const command = named('abort', 'Forget a replay: a run under way stops, what was sent stays sent')
    .option('-y, --yes', 'do it')
    .action(cli.action(abort, 'own'))
  return withExamples(command, [[`towline replay abort digest ${EXAMPLE_ID} --yes`, 'it cannot be resumed afterwards']])
}

function named(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<agent>', 'agent type')
    .argument('<replay-id>', 'as replay plan or start printed it')
}

async function resume(
  session: Session,
  agent: string,
  replayId: string,
  options: { readonly yes?: boolean; readonly skipLost?: boolean },
): Promise<ExitCode> {
  const replays = await (await session.fleet()).replays(agent)
  const status = await statusOf(replays, agent, replayId)
  if (status.state === 'planned') {
    const { source, target, createdAtMs } = status.plan
    const age = formatSpan(session.io.clock.nowMs() - createdAtMs)
    const offsets = plural(status.totalOffsets, 'offset')
    const text = `start replay of ${offsets} of ${source} into ${target}, planned ${age} ago`
    const refused = guard(session, options, { text, document: statusJson(status) })
    if (refused !== undefined) return refused
  }
  return await runWithProgress(session, agent, status.totalOffsets, (run) =>
    replays.resume(replayId, { ...run, skipLost: options.skipLost }),
  )
}

async function showStatus(session: Session, agent: string, replayId: string | undefined): Promise<ExitCode> {
  const replays = await (await session.fleet()).replays(agent)
  const found = replayId === undefined ? await replays.list() : [await statusOf(replays, agent, replayId)]
  if (session.out.format === 'table') {
    session.out.list({ name: 'replays', rows: found, columns: STATUS_COLUMNS, whenEmpty: `No replay of ${agent}.` })
  } else {
    session.out.list({ name: 'replays', rows: found.map(statusJson), columns: [], whenEmpty: '' })
  }
  return EXIT.ok
}

async function showReport(session: Session, agent: string, replayId: string): Promise<ExitCode> {
  const replays = await (await session.fleet()).replays(agent)
  const report = await replays.report(replayId, { signal: session.io.interrupted })
  if (report.state === null && report.ended === 0) throw unknownReplay(agent, replayId)
  session.out.document(report, reportText(report))
  return EXIT.ok
}

async function abort(
  session: Session,
  agent: string,
  replayId: string,
  options: { readonly yes?: boolean },
): Promise<ExitCode> {
  const replays = await (await session.fleet()).replays(agent)
  const status = await statusOf(replays, agent, replayId)
  const sent = `${plural(status.records, 'record')} sent, ${formatCount(status.offsets)} of ${plural(status.totalOffsets, 'offset')} done`
  const text = `abort replay ${replayId} of ${agent} (${status.state}): ${sent}`
  const refused = guard(session, options, { text, document: statusJson(status) })
  if (refused !== undefined) return refused
  await replays.abort(replayId)
  session.out.document({ ...statusJson(status), aborted: true }, `${replayId}  aborted, ${sent}\n`)
  return EXIT.ok
}

async function statusOf(replays: Replays, agent: string, replayId: string): Promise<ReplayStatus> {
  const status = await replays.status(replayId)
  if (status === null) throw unknownReplay(agent, replayId)
  return status
}

function unknownReplay(agent: string, replayId: string): TowlineError {
  const value = printable(replayId, 64)
  return new TowlineError('TOWLINE_REPLAY_NOT_FOUND', `${agent} has no replay ${JSON.stringify(value)}`, {
    value,
    wayOut: `It never began, was aborted, or its group expired. List what there is: towline replay status ${agent}`,
  })
}

function reportText(report: ReplayReport): string {
  const { ends, failures, courses, runs } = report
  return renderFields([
    ['replay', report.replayId],
    ['state', report.state ?? 'no checkpoint any more'],
    ['sent', cell(report.records)],
    ['ended', formatCount(report.ended)],
    ['open', cell(report.open)],
    ...Object.entries(ends).map(([end, count]): [string, string] => [`  ${end}`, formatCount(count)]),
    ['may have run', report.mayHaveRun === 0 ? undefined : formatCount(report.mayHaveRun)],
    ['run', runs === null ? undefined : durationsText(runs)],
    ['start to end', courses === null ? undefined : durationsText(courses)],
    ...failures.map(({ code, message, count }): [string, string] => [
      `failed ${formatCount(count)}×`,
      // Grouped by code: the message is that of the first, others may read differently.
      printable(count === 1 ? `${code}: ${message}` : `${code}, the first: ${message}`, 200),
    ]),
  ])
}

function durationsText({ p50Ms, p95Ms, maxMs }: NonNullable<ReplayReport['runs']>): string {
  return `p50 ${formatSpan(p50Ms)}, p95 ${formatSpan(p95Ms)}, longest ${formatSpan(maxMs)}`
}
