import type { DeadLetter, DeadLetterList } from '@towline/dead-letter'
import { Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { addFilterOptions, type FilterOptions, filterOf } from '../dlq/filter-options.ts'
import { GROUP_COLUMNS, LETTER_COLUMNS } from '../dlq/letter-rows.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { wholeNumber } from '../input/parse-option.ts'
import { formatCount, plural } from '../output/format-value.ts'
import type { Session } from '../session.ts'

interface ListOptions extends FilterOptions {
  readonly state: 'open' | 'pending' | 'void' | 'resolved' | 'all'
  readonly groups?: boolean
  readonly limit?: number
}

export function dlqListCommand(cli: Cli): Command {
  const command = new Command('list')
    .description('The dead letters of an agent, with an exact count of the open ones')
    .argument('<agent>', 'agent type')
  addFilterOptions(command, cli.io)
    .addOption(
      new Option('--state <state>', 'which to list')
        .choices(['open', 'pending', 'void', 'resolved', 'all'])
        .default('open'),
    )
    .option('--groups', 'open ones grouped by kind of error')
    .option('--limit <n>', 'list only the newest of them; counts stay exact', wholeNumber(1, 1_000_000))
    .action(cli.action(listDeadLetters))
  return withExamples(command, [
    ['towline dlq list digest --groups', 'what went wrong, most frequent first'],
    ["towline dlq list digest --since -2h --error 'ECONNREFUSED'", 'of one error in the last two hours'],
    ['towline dlq list digest --state all -o jsonl', 'one JSON line per dead letter'],
  ])
}

async function listDeadLetters(session: Session, agent: string, options: ListOptions): Promise<ExitCode> {
  const letters = await (await session.fleet()).deadLetters(agent)
  const list = await letters.list(filterOf(options), session.io.interrupted)
  session.say(countsText(list))
  if (options.groups === true) {
    session.out.list({
      name: 'groups',
      rows: list.groups,
      columns: GROUP_COLUMNS,
      facts: countsOf(list),
      whenEmpty: 'None open.',
    })
    return EXIT.ok
  }
  session.out.list({
    name: 'deadLetters',
    rows: chosen(list.entries, options),
    columns: LETTER_COLUMNS,
    facts: countsOf(list),
    whenEmpty: options.state === 'all' ? 'None.' : `None ${options.state}.`,
  })
  return EXIT.ok
}

function chosen(entries: readonly DeadLetter[], { state, limit }: ListOptions): readonly DeadLetter[] {
  const matching = entries.filter((entry) => state === 'all' || entry.state === state)
  return limit === undefined ? matching : matching.slice(-limit)
}

function countsOf({ open, pending, void: strays, resolved, foreign }: DeadLetterList): object {
  return { counts: { open, pending, void: strays, resolved, foreign } }
}

function countsText({ open, pending, void: strays, resolved, foreign }: DeadLetterList): string {
  const others = foreign === 0 ? '' : `; ${plural(foreign, 'record')} of the topic are not of Towline`
  return `${formatCount(open)} open, ${formatCount(pending)} pending, ${formatCount(strays)} void, ${formatCount(resolved)} resolved${others}`
}
