import type { RestoredPartition, RestorePlan, RestoreReason, RestoreRequest, RestoreTarget } from '@towline/fleet'
import { Command } from 'commander'
import { type AuditOptions, addAuditOptions, auditOf } from '../audit.ts'
import type { Cli } from '../cli.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { type GuardOptions, guard } from '../guard.ts'
import { partitionNumbers, restoreTarget, wholeNumber } from '../input/parse-option.ts'
import { cell, formatCount, plural } from '../output/format-value.ts'
import { type Column, renderTable } from '../output/table.ts'
import type { Session } from '../session.ts'

interface RestoreOptions extends AuditOptions, GuardOptions {
  readonly to?: RestoreTarget
  readonly topic?: string
  readonly partition?: readonly number[]
  readonly scanLimit?: number
}

export function offsetsRestoreCommand(cli: Cli): Command {
  const command = new Command('restore')
    .description('Commit offsets again where they expired or were deleted, at the first task without an end')
    .argument('<agent>', 'agent type')
    .option(
      '--to <where>',
      'earliest, latest, an offset of one partition, or a time (-2h, ISO) instead',
      restoreTarget(() => cli.io.clock.nowMs()),
    )
    .option('--topic <topic>', 'one of the topics its runners consume (default: all)')
    .option(
      '--partition <numbers>',
      'these, also where they have a committed offset: 0,3-5 of --topic, or of its tasks',
      partitionNumbers,
    )
    .option('--scan-limit <n>', 'look at no more records (default 2,000,000)', wholeNumber(1, 1_000_000_000))
    .option('--dry-run', 'show it, change nothing')
    .option('-y, --yes', 'do it')
  addAuditOptions(command).action(cli.action(restoreOffsets, 'own'))
  return withExamples(command, [
    ['towline offsets restore digest --dry-run', 'where it would go on, and why'],
    ["towline offsets restore digest --yes --because 'idle for ten days'", 'go on there'],
    ['towline offsets restore digest --partition 3 --to -2h --dry-run', 'where one partition was two hours ago'],
  ])
}

async function restoreOffsets(session: Session, agent: string, options: RestoreOptions): Promise<ExitCode> {
  const restore = await (await session.fleet()).offsetRestore(agent)
  const plan = await planned(session, options, (request) => restore.plan(request))
  const restored = plan.partitions.filter(({ to }) => to !== null)
  if (restored.length === 0) {
    session.out.document(documentOf(plan, false), `${tableOf(plan)}nothing to restore: every group has its offsets\n`)
    return EXIT.ok
  }
  const ended = guard(session, options, { text: textOf(plan, restored), document: documentOf(plan, false) })
  if (ended !== undefined) return ended
  const { by, because } = auditOf(session, options)
  await restore.apply(plan, { by, ...(because === undefined ? {} : { reason: because }) })
  session.out.document(documentOf(plan, true), `${plural(restored.length, 'partition')} restored\n`)
  return EXIT.ok
}

async function planned(
  session: Session,
  { to, topic, partition, scanLimit }: RestoreOptions,
  plan: (request: RestoreRequest) => Promise<RestorePlan>,
): Promise<RestorePlan> {
  const progress = session.progress('scan', 1)
  try {
    return await plan({
      signal: session.io.interrupted,
      onProgress: (records, ofAtMost) => progress.update(records, ofAtMost),
      ...(to === undefined ? {} : { target: to }),
      ...(topic === undefined ? {} : { topic }),
      ...(partition === undefined ? {} : { partitions: partition }),
      ...(scanLimit === undefined ? {} : { maxRecords: scanLimit }),
    })
  } finally {
    progress.stop()
  }
}

const WHY: { readonly [Reason in RestoreReason]: string } = {
  'first-unended': 'first task without an end',
  'all-ended': 'nothing is left to do',
  earliest: 'as asked: everything retained',
  latest: 'as asked: nothing retained',
  offset: 'as asked',
  time: 'as asked: first record since then',
  'has-offset': 'has its offset, left alone',
}

const COLUMNS: readonly Column<RestoredPartition>[] = [
  { title: 'topic', value: ({ topic }) => topic },
  { title: 'part', align: 'right', value: ({ partition }) => String(partition) },
  {
    title: 'log',
    align: 'right',
    value: ({ logStart, logEnd }) => `${formatCount(logStart)}–${formatCount(logEnd)}`,
  },
  { title: 'committed', align: 'right', value: ({ committed }) => cell(committed) },
  { title: 'restore to', align: 'right', value: ({ to }) => cell(to) },
  { title: 'why', value: ({ because }) => WHY[because] },
  { title: 'to run', align: 'right', value: ({ unended }) => cell(unended) },
  { title: 'run again', align: 'right', value: ({ runAgain }) => cell(runAgain) },
]

function tableOf({ partitions }: RestorePlan): string {
  return renderTable(COLUMNS, partitions)
}

function textOf(plan: RestorePlan, restored: readonly RestoredPartition[]): string {
  const sum = (value: (partition: RestoredPartition) => number | null): number =>
    restored.reduce((total, partition) => total + (value(partition) ?? 0), 0)
  const mayHaveEnded = sum((partition) => partition.mayHaveEnded)
  return [
    `${tableOf(plan)}${plural(restored.length, 'partition')} to restore`,
    ...(mayHaveEnded === 0
      ? []
      : [`${plural(mayHaveEnded, 'task')} to run may have ended: older than the results that are kept`]),
  ].join('\n')
}

function documentOf({ partitions }: RestorePlan, isRestored: boolean): object {
  return { restored: isRestored, partitions }
}
