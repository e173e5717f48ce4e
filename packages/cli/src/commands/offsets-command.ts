import type { GroupOffset } from '@towline/fleet'
import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { cell, formatCount, formatSpan } from '../output/format-value.ts'
import type { Column } from '../output/table.ts'
import type { Session } from '../session.ts'
import { offsetsRestoreCommand } from './offsets-restore-command.ts'

export function offsetsCommand(cli: Cli): Command {
  const show = new Command('show')
    .description('What each group stores per partition, who holds it, and which offset pins it')
    .argument('[agents...]', 'agent types (default: all)')
    .action(cli.action(showOffsets))
  withExamples(show, [
    ['towline offsets show digest', 'every partition of one agent'],
    ['towline offsets show -o jsonl', 'one JSON line per partition'],
  ])
  return new Command('offsets')
    .description('Committed offsets and commit notes')
    .addCommand(show)
    .addCommand(offsetsRestoreCommand(cli))
}

async function showOffsets(session: Session, agents: readonly string[]): Promise<ExitCode> {
  const fleet = await session.fleet()
  const rows = await fleet.offsets(agents)
  session.out.list({
    name: 'partitions',
    rows,
    columns: columns(session.io.clock.nowMs()),
    whenEmpty: 'No agent has topics here.',
  })
  return EXIT.ok
}

function columns(nowMs: number): readonly Column<GroupOffset>[] {
  return [
    { title: 'topic', value: ({ topic }) => topic },
    { title: 'part', align: 'right', value: ({ partition }) => String(partition) },
    { title: 'committed', align: 'right', value: ({ committed }) => cell(committed) },
    {
      title: 'log',
      align: 'right',
      value: ({ logStart, logEnd }) => `${formatCount(logStart)}–${formatCount(logEnd)}`,
    },
    { title: 'lag', align: 'right', value: ({ lag }) => formatCount(lag) },
    { title: 'effective', align: 'right', value: ({ effectiveLag }) => formatCount(effectiveLag) },
    { title: 'unfinished', align: 'right', value: ({ note }) => cell(note?.unfinished) },
    { title: 'pinned by', value: (row) => pinText(row, nowMs) },
    { title: 'owner', value: ({ owner }) => cell(owner?.clientId) },
  ]
}

/** Which offset, how long, and why: `1,204 for 3m 2s, running (attempt 2)`. */
function pinText({ pinnedBy }: GroupOffset, nowMs: number): string {
  if (pinnedBy === null) return '-'
  const since = pinnedBy.sinceMs === null ? '' : ` for ${formatSpan(nowMs - pinnedBy.sinceMs)}`
  const attempt = pinnedBy.attempts + 1
  if (pinnedBy.started) return `${formatCount(pinnedBy.offset)}${since}, running (attempt ${attempt})`
  return `${formatCount(pinnedBy.offset)}${since}, ${pinnedBy.attempts === 0 ? 'waiting' : `parked before attempt ${attempt}`}`
}
