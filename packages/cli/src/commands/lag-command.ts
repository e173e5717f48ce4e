import type { ConsumedTopic, TopicLag } from '@towline/fleet'
import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { formatCount } from '../output/format-value.ts'
import type { Column } from '../output/table.ts'
import type { Session } from '../session.ts'

export function lagCommand(cli: Cli): Command {
  const command = new Command('lag')
    .description('How far the runners of each agent are behind, per topic')
    .argument('[agents...]', 'agent types (default: all)')
    .action(cli.action(showLag))
  return withExamples(command, [
    ['towline lag', 'every agent'],
    ['towline lag digest -o json', 'one agent, per partition, as JSON'],
  ])
}

const COLUMNS: readonly Column<TopicLag>[] = [
  { title: 'agent', value: ({ agent }) => agent },
  { title: 'topic', value: ({ topic }) => topic },
  { title: 'lag', align: 'right', value: ({ lag }) => formatCount(lag) },
  { title: 'effective', align: 'right', value: ({ effectiveLag }) => formatCount(effectiveLag) },
  { title: 'finished ahead', align: 'right', value: ({ finishedAhead }) => formatCount(finishedAhead) },
  { title: 'group', value: groupText },
]

async function showLag(session: Session, agents: readonly string[]): Promise<ExitCode> {
  const fleet = await session.fleet()
  const topics = await fleet.lag(agents)
  session.out.list({ name: 'topics', rows: topics, columns: COLUMNS, whenEmpty: 'No agent has topics here.' })
  return EXIT.ok
}

function groupText({ partitions, uncommittedPartitions }: TopicLag & ConsumedTopic): string {
  if (uncommittedPartitions === 0) return 'committed'
  return uncommittedPartitions === partitions.length ? 'never ran' : `${uncommittedPartitions} never committed`
}
