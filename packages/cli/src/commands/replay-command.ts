import type { Replays } from '@towline/fleet'
import type { DryRunCounts, PlannedReplay } from '@towline/replay'
import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { type GuardOptions, guard } from '../guard.ts'
import { addSelectionOptions, requestOf, type SelectionOptions } from '../replay/replay-request.ts'
import { clippedText, planJson, planText } from '../replay/replay-text.ts'
import { runWithProgress } from '../replay/run-with-progress.ts'
import type { Session } from '../session.ts'
import {
  replayAbortCommand,
  replayReportCommand,
  replayResumeCommand,
  replayStatusCommand,
} from './replay-follow-commands.ts'

export function replayCommand(cli: Cli): Command {
  return new Command('replay')
    .description('Run a range of history again, as new tasks marked as replayed')
    .addCommand(replayStartCommand(cli), { isDefault: true })
    .addCommand(replayPlanCommand(cli))
    .addCommand(replayResumeCommand(cli))
    .addCommand(replayStatusCommand(cli))
    .addCommand(replayReportCommand(cli))
    .addCommand(replayAbortCommand(cli))
    .addHelpText(
      'after',
      '\ntowline replay <agent> is short for towline replay start <agent>; its flags: towline replay start --help',
    )
}

type StartOptions = SelectionOptions & GuardOptions & { readonly skipLost?: boolean }

function replayStartCommand(cli: Cli): Command {
  const command = new Command('start')
    .description('Plan a replay and run it (towline replay <agent> is the same)')
    .argument('<agent>', 'agent type')
  addSelectionOptions(command)
    .option('--dry-run', 'count exactly, send nothing')
    .option('-y, --yes', 'do it')
    .option('--skip-lost', 'go on where retention deletes part of the range meanwhile')
    .action(cli.action(startReplay, 'own'))
  return withExamples(command, [
    ['towline replay digest --from -2h --dry-run', 'how many records it would be'],
    ["towline replay digest --from -2h --rate 50 --yes --because 'prompt fixed'", 'the last two hours, 50 a second'],
    ['towline replay digest --partition 3 --from 10 --to 20 --yes', 'ten offsets of partition 3'],
  ])
}

function replayPlanCommand(cli: Cli): Command {
  const command = new Command('plan')
    .description('Pin a range and store it as a plan, with exact counts; resume starts it')
    .argument('<agent>', 'agent type')
  addSelectionOptions(command).action(cli.action(storePlan))
  return withExamples(command, [
    ['towline replay plan digest --from 2026-05-01T00:00:00Z --to 2026-05-02T00:00:00Z', 'a day'],
  ])
}

async function startReplay(session: Session, agent: string, options: StartOptions): Promise<ExitCode> {
  const { replays, planned, counts } = await prepare(session, agent, options)
  const { plan } = planned
  const ended = guard(session, options, { text: planText(plan, counts), document: planDocument(planned, counts) })
  if (ended !== undefined) return ended
  return await runWithProgress(session, agent, counts.records, (run) =>
    replays.run(plan, { ...run, expectedRecords: counts.records, skipLost: options.skipLost }),
  )
}

async function storePlan(session: Session, agent: string, options: SelectionOptions): Promise<ExitCode> {
  const { replays, planned, counts } = await prepare(session, agent, options)
  await replays.save(planned.plan)
  const text = `${planned.plan.replayId}  ${planText(planned.plan, counts)}\n`
  session.out.document(planDocument(planned, counts), text)
  session.say(`Start it: towline replay resume ${agent} ${planned.plan.replayId} --yes`)
  return EXIT.ok
}

async function prepare(
  session: Session,
  agent: string,
  options: SelectionOptions,
): Promise<{ replays: Replays; planned: PlannedReplay; counts: DryRunCounts }> {
  const fleet = await session.fleet()
  const replays = await fleet.replays(agent)
  const request = requestOf(session, agent, fleet.config.namespace, options)
  const signal = session.io.interrupted
  const planned = await replays.plan(request, { signal })
  for (const line of clippedText(planned)) session.say(line)
  const progress = session.progress('count', 1)
  try {
    const counts = await replays.dryRun(planned.plan, {
      signal,
      onProgress: ({ offsets, totalOffsets }) => progress.update(offsets, totalOffsets),
    })
    return { replays, planned, counts }
  } finally {
    progress.stop()
  }
}

function planDocument({ plan, clipped }: PlannedReplay, counts: DryRunCounts): object {
  return { replayId: plan.replayId, counts, clipped, plan: planJson(plan) }
}
