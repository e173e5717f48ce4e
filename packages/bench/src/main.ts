// npm run -s bench -- <name> [--json] [--records N] [--rounds N] [--dev-broker | --kafka | --broker host:port --registry url]
import process from 'node:process'
import { Command, InvalidArgumentError } from 'commander'
import type { Bench, BenchOptions } from './bench.ts'
import { BENCHES } from './benches.ts'
import type { BenchBroker } from './ground/bench-broker.ts'
import { type BrokerFlags, chosenBrokers } from './ground/chosen-brokers.ts'
import { warmUp } from './ground/warm-up.ts'
import { Interrupted, unlessAborted, untilInterrupted } from './interruption.ts'
import { type BenchDocument, benchDocument, type FinishedRun } from './report/bench-document.ts'
import { benchTable } from './report/bench-table.ts'

interface PlaceFlags extends BrokerFlags {
  readonly warmUp: number
}

interface Flags extends Partial<BenchOptions>, PlaceFlags {
  readonly json?: boolean
}

const EXIT_SHORT = 1
/** See {@link warmUp}. */
const WARM_UP = 2_000_000

const interrupted = untilInterrupted()
const program = new Command('bench')
  .description('Towline beside the same work done by hand. Exits 1 when a bar falls short.')
  .showHelpAfterError()
for (const bench of BENCHES) addCommand(bench)
withBrokers(program.command('all'))
  .description('every bench at its defaults, one after the other, as BENCHMARKS.md has them')
  .action(runAll)
try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof Interrupted)) throw error
  say(`${error.message}: what it started is ended`)
  process.exit(error.exitCode) // A round that was broken off would still wait for its contenders.
}

function addCommand(bench: Bench): void {
  const { name, summary, defaults } = bench
  const command = withBrokers(program.command(name))
    .description(summary)
    .option('--json', 'print one JSON document instead of a table')
    .option('--records <n>', `tasks of one round (default: ${defaults.records})`, wholeNumber)
    .option('--rounds <n>', `rounds that count (default: ${defaults.rounds})`, wholeNumber)
  if (defaults.minutes !== undefined) {
    command.option('--minutes <n>', `how long a round lasts (default: ${defaults.minutes})`, positive)
  }
  command.action((flags: Flags) => run(bench, flags))
}

function withBrokers(command: Command): Command {
  return command
    .option('--dev-broker', 'on the dev broker alone')
    .option('--kafka', 'on Apache Kafka alone: TOWLINE_BROKERS, else one in Docker, else one on the JVM')
    .option('--broker <host:port>', 'on a Kafka of yours alone')
    .option('--registry <url>', 'the schema registry beside it (default: one of its own)')
    .option('--kafka-data <folder>', 'where a Kafka started on the JVM keeps its log (default: in memory, given 8 GiB)')
    .option('--warm-up <n>', 'records an Apache Kafka is given before the first round', wholeNumberOrNone, WARM_UP)
}

/** One that fails does not keep the others from running. */
async function runAll({ warmUp: warmUpRecords, ...brokers }: PlaceFlags): Promise<void> {
  for await (const broker of chosenBrokers(brokers, { tell: say, signal: interrupted })) {
    await using running = broker
    await prepare(running, warmUpRecords)
    for (const bench of BENCHES) {
      try {
        report(benchDocument(bench, bench.defaults, [await measure(bench, bench.defaults, running)]), false)
        process.stdout.write('\n')
      } catch (error) {
        if (error instanceof Interrupted) throw error
        say(`${bench.name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
        process.exitCode = EXIT_SHORT
      }
    }
  }
}

async function run(bench: Bench, flags: Flags): Promise<void> {
  const { json = false, records, rounds, minutes, warmUp: warmUpRecords, ...brokers } = flags
  const given = { ...(records && { records }), ...(rounds && { rounds }), ...(minutes && { minutes }) }
  const options = { ...bench.defaults, ...given }
  const finished: FinishedRun[] = []
  for await (const broker of chosenBrokers(brokers, { tell: say, signal: interrupted })) {
    await using running = broker
    await prepare(running, warmUpRecords)
    finished.push(await measure(bench, options, running))
  }
  report(benchDocument(bench, options, finished), json)
}

async function prepare(broker: BenchBroker, warmUpRecords: number): Promise<void> {
  if (broker.kind === 'kafka') await unlessAborted(() => warmUp(broker, warmUpRecords), interrupted)
}

async function measure(bench: Bench, options: BenchOptions, broker: BenchBroker): Promise<FinishedRun> {
  const { kind, description } = broker
  say(`${bench.name} on ${description}`)
  return { broker: { kind, description }, result: await unlessAborted(() => bench.run(broker, options), interrupted) }
}

function report(document: BenchDocument, asJson: boolean): void {
  process.stdout.write(asJson ? `${JSON.stringify(document, null, 2)}\n` : benchTable(document))
  conclude(document)
}

function conclude({ ok, bars, runs }: BenchDocument): void {
  for (const note of new Set(runs.flatMap(({ notes = [] }) => notes))) say(note)
  for (const { name, broker, value, bound } of bars.filter((bar) => !bar.ok)) {
    say(`${name} on ${broker} falls short: ${value}, bound ${bound}`)
  }
  if (!ok) process.exitCode = EXIT_SHORT
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`)
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new InvalidArgumentError(`It must be a whole number of at least 1.`)
}

function wholeNumberOrNone(text: string): number {
  return text === '0' ? 0 : wholeNumber(text)
}

function positive(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError('It must be a number above 0.')
}
