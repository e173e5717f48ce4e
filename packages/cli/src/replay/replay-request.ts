import { topicNames } from '@towline/contracts'
import { parsePartitions, parseRangeBounds, type ReplayRequest } from '@towline/replay'
import { type Command, Option } from 'commander'
import { type AuditOptions, addAuditOptions, auditOf } from '../audit.ts'
import { wholeNumber } from '../input/parse-option.ts'
import type { Session } from '../session.ts'

/** The flags that say what a replay covers. */
export interface SelectionOptions extends AuditOptions {
  readonly from?: string
  readonly to?: string
  readonly partition?: string
  readonly key?: string
  readonly max?: number
  readonly rate?: number
  readonly toTopic?: string
  readonly source: 'tasks' | 'replay'
  readonly all?: boolean
}

export function addSelectionOptions(command: Command): Command {
  command
    .option(
      '--from <bound>',
      "where it begins: -2h, a day (its beginning, local time), an ISO time with zone, an offset, 'start'; 3:1200 for partition 3 alone",
    )
    .option('--to <bound>', "where it stops, left out itself; as --from, or 'end' (default: the end of now)")
    .option('--partition <list>', 'only these, such as 0,3-5')
    .option('--key <key>', 'only records with exactly this key')
    .option('--max <n>', 'at most so many, the earliest', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--rate <n>', 'at most so many a second', wholeNumber(1, 1_000_000))
    .option('--to-topic <topic>', 'where to (default <agent>.replay)')
    .addOption(new Option('--source <kind>', 'which topic to read').choices(['tasks', 'replay']).default('tasks'))
    .option('--all', 'everything retained: needed where nothing else narrows it')
  return addAuditOptions(command)
}

/** @throws TowlineError TOWLINE_REPLAY_INVALID when a bound or a partition cannot be read */
export function requestOf(
  session: Session,
  agent: string,
  namespace: string | undefined,
  options: SelectionOptions,
): Omit<ReplayRequest, 'agentType' | 'namespace'> {
  const { by, because } = auditOf(session, options)
  const { from, to, partition } = options
  return {
    source: topicNames(agent, namespace)[options.source],
    toTopic: options.toTopic,
    from: from === undefined ? undefined : parseRangeBounds(from, '--from'),
    to: to === undefined ? undefined : parseRangeBounds(to, '--to'),
    partitions: partition === undefined ? undefined : parsePartitions(partition, '--partition'),
    key: options.key,
    max: options.max,
    ratePerSecond: options.rate,
    all: options.all,
    by,
    reason: because,
  }
}
