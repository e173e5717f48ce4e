import type { DeadLetter, DeadLetters, ResolveItem, ResolveOptions, ResolveReport } from '@towline/dead-letter'
import { Command } from 'commander'
import { type AuditOptions, addAuditOptions, auditOf } from '../audit.ts'
import type { Cli } from '../cli.ts'
import { addFilterOptions, type FilterOptions, filterOf } from '../dlq/filter-options.ts'
import { spanText } from '../dlq/letter-rows.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { guard } from '../guard.ts'
import { wholeNumber } from '../input/parse-option.ts'
import { formatCount, formatSpan, plural } from '../output/format-value.ts'
import { errorLine } from '../print-error.ts'
import type { Session } from '../session.ts'

type Verb = 'redrive' | 'purge'

interface VerbOptions extends FilterOptions, AuditOptions {
  readonly all?: boolean
  readonly yes?: boolean
  readonly dryRun?: boolean
  readonly rate?: number
}

export function dlqRedriveCommand(cli: Cli): Command {
  const command = resolveCommand(
    cli,
    'redrive',
    'Send open dead letters back to the topic they came from, as their next life',
  )
  return withExamples(command, [
    ['towline dlq redrive digest --error ECONNREFUSED --dry-run', 'how many it would be'],
    ["towline dlq redrive digest --all --yes --rate 50 --because 'fixed in 1.4.2'", 'all of them, 50 a second'],
    ['towline dlq redrive digest 019a7b2c-8d5e-7c31-9f0a-2b4c6d8e0f12 --yes', 'one task'],
  ])
}

export function dlqPurgeCommand(cli: Cli): Command {
  const command = resolveCommand(
    cli,
    'purge',
    'Write open dead letters off: they count no more; retention takes their records',
  )
  return withExamples(command, [
    ['towline dlq purge digest --reason undecodable --dry-run', 'how many it would be'],
    ["towline dlq purge digest --until -30d --yes --because 'too old to matter'", 'the old ones'],
  ])
}

function resolveCommand(cli: Cli, verb: Verb, description: string): Command {
  const command = new Command(verb)
    .description(description)
    .argument('<agent>', 'agent type')
    .argument('[ids...]', 'task ids, or id/life')
  addFilterOptions(command, cli.io)
    .option('--all', 'all open ones: needed where no filter and no id is given')
    .option('--dry-run', 'count, change nothing')
    .option('-y, --yes', 'do it')
    .option('--rate <n>', 'at most so many a second', wholeNumber(1, 1_000_000))
  return addAuditOptions(command).action(
    cli.action(
      (session: Session, agent: string, ids: readonly string[], options: VerbOptions) =>
        resolve(session, { verb, agent, ids }, options),
      'own',
    ),
  )
}

interface Call {
  readonly verb: Verb
  readonly agent: string
  readonly ids: readonly string[]
}

async function resolve(session: Session, call: Call, options: VerbOptions): Promise<ExitCode> {
  const letters = await (await session.fleet()).deadLetters(call.agent)
  const request = requestOf(session, call, options)
  const rehearsal = await letters[call.verb]({ ...request, dryRun: true })
  const text = await announcement(letters, call, options, rehearsal)
  const total = rehearsal.counts.eligible
  if (total === 0) {
    session.say(text)
    report(session, rehearsal)
    return exitCodeOf(rehearsal)
  }
  const ended = guard(session, options, { text, document: reportJson(rehearsal) })
  if (ended !== undefined) return ended
  const progress = session.progress(call.verb, total)
  try {
    const done = await letters[call.verb]({ ...request, onProgress: (at) => progress.update(at.done, at.total) })
    progress.stop()
    report(session, done)
    return exitCodeOf(done)
  } finally {
    progress.stop()
  }
}

function requestOf(session: Session, { ids }: Call, options: VerbOptions): ResolveOptions {
  const { by, because } = auditOf(session, options)
  return {
    by,
    filter: filterOf(options),
    signal: session.io.interrupted,
    ...(because === undefined ? {} : { reason: because }),
    ...(ids.length === 0 ? {} : { ids }),
    ...(options.all === undefined ? {} : { all: options.all }),
    ...(options.rate === undefined ? {} : { rate: options.rate }),
  }
}

/** Count, span and estimate, before anything is changed. */
async function announcement(
  letters: DeadLetters,
  { verb, agent }: Call,
  options: VerbOptions,
  rehearsal: ResolveReport,
): Promise<string> {
  const { eligible, refused } = rehearsal.counts
  const refusedText = refused === 0 ? '' : `; ${formatCount(refused)} cannot be`
  if (eligible === 0) return `No open dead letter of ${agent} to ${verb}${refusedText}`
  const names = new Set(rehearsal.items.filter(isEligible).map(nameOf))
  const { entries } = await letters.list(filterOf(options))
  const span = spanText(entries.filter((entry: DeadLetter) => names.has(nameOf(entry))))
  const takes =
    options.rate === undefined ? '' : `, about ${formatSpan((eligible / options.rate) * 1_000)} at ${options.rate}/s`
  return `${verb} ${plural(eligible, 'dead letter')} of ${agent}, written ${span}${takes}${refusedText}`
}

function isEligible({ outcome }: ResolveItem): boolean {
  return outcome.kind === 'eligible'
}

function nameOf({ taskId, life }: { readonly taskId: string; readonly life: number | null }): string {
  return `${taskId}/${life}`
}

function report(session: Session, done: ResolveReport): void {
  const troubled = done.items.filter(({ outcome }) => outcome.kind === 'refused' || outcome.kind === 'failed')
  for (const { taskId, life, outcome } of troubled.slice(0, MAX_SHOWN)) {
    if ('error' in outcome) session.say(`${taskId}/${life} ${outcome.kind}: ${errorLine(outcome.error)}`)
  }
  if (troubled.length > MAX_SHOWN) session.say(`… and ${troubled.length - MAX_SHOWN} more; -o json has all`)
  session.out.document(reportJson(done), `${countsText(done.counts)}\n`)
}

/** What became of them, in words: `4 dead letters redriven, 3 were not open`. */
function countsText(counts: ResolveReport['counts']): string {
  const { redriven, purged, eligible, skipped } = counts
  const parts = [
    redriven > 0 ? `${plural(redriven, 'dead letter')} redriven` : '',
    purged > 0 ? `${plural(purged, 'dead letter')} purged` : '',
    eligible > 0 ? `${plural(eligible, 'dead letter')} could be` : '',
    counts.refused > 0 ? `${formatCount(counts.refused)} refused` : '',
    counts.failed > 0 ? `${formatCount(counts.failed)} failed and still open` : '',
    skipped > 0 ? `${formatCount(skipped)} ${skipped === 1 ? 'was' : 'were'} not open` : '',
    counts['not-attempted'] > 0 ? `${formatCount(counts['not-attempted'])} not attempted and still open` : '',
    counts['not-found'] > 0 ? `${formatCount(counts['not-found'])} not found` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'Nothing to do' : parts.join(', ')
}

const MAX_SHOWN = 20

function reportJson(done: ResolveReport): object {
  return { ...done, items: done.items.map(itemJson) }
}

function itemJson({ taskId, life, outcome }: ResolveItem): object {
  if (!('error' in outcome)) return { taskId, life, ...outcome, kind: undefined, outcome: outcome.kind }
  const { error } = outcome
  return {
    taskId,
    life,
    outcome: outcome.kind,
    error: { code: 'code' in error ? error.code : error.name, message: error.message },
  }
}

function exitCodeOf({ counts, stoppedBy }: ResolveReport): ExitCode {
  if (stoppedBy === 'signal') return EXIT.interrupted
  const { redriven, purged, refused, failed } = counts
  if (refused + failed + counts['not-attempted'] + counts['not-found'] === 0) return EXIT.ok
  if (redriven + purged > 0) return EXIT.partial
  if (failed > 0) return EXIT.failure
  return refused > 0 ? EXIT.refused : EXIT.notFound
}
