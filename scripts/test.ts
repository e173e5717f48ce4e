// npm test: the tests of every package, on Apache Kafka too where this machine can have one.
//
//   npm test                       what changed since it last passed
//   npm test -- --force            everything
//   npm test -- --filter=@towline/kafka -- test/sender     turbo's arguments, then vitest's
//
// TOWLINE_TESTS_NEED_KAFKA=1 makes it fail where there is no Kafka, as in CI.

import { type ChildProcess, spawn } from 'node:child_process'
import { glob, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import {
  addTotals,
  describeTotals,
  type FoundKafka,
  findKafka,
  NO_TESTS,
  readTotals,
  type TestTotals,
} from '@towline/test-brokers'

const root = join(import.meta.dirname, '..')
/** Beside each package's other caches. Turbo keeps it with the outcome, so that a cached run counts too. */
const REPORT = 'node_modules/.cache/vitest-report.json'
const NEED_KAFKA = 'TOWLINE_TESTS_NEED_KAFKA'
const EXIT_INTERRUPTED = 130

const interrupted = new AbortController()
let turbo: ChildProcess | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    killTurbo(interrupted.signal.aborted ? 'SIGKILL' : signal)
    interrupted.abort(new Error(`interrupted by ${signal}`))
  })
}

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  await Promise.all((await reports()).map((report) => rm(report)))
  let kafka: FoundKafka | null = null
  let status: number
  try {
    kafka = await findKafka(process.env, { tell: say, signal: interrupted.signal })
    say(kafka === null ? 'no Kafka: suites run on the dev broker only, those for Kafka are skipped' : kafka.description)
    status = await runTurbo(args, kafka)
    if (kafka === null && process.env[NEED_KAFKA] === '1') {
      say(`${NEED_KAFKA} is set, and there was none`)
      status = status === 0 ? 1 : status
    }
  } catch (error) {
    if (!interrupted.signal.aborted) throw error
    status = EXIT_INTERRUPTED
  } finally {
    await kafka?.stop()
  }
  return await conclude(interrupted.signal.aborted ? EXIT_INTERRUPTED : status)
}

async function runTurbo(args: readonly string[], kafka: FoundKafka | null): Promise<number> {
  const end = args.includes('--') ? args.indexOf('--') : args.length
  const [forTurbo, forVitest] = [args.slice(0, end), args.slice(end + 1)]
  const concurrency = Math.max(1, Math.floor(availableParallelism() / 2))
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`]
  const defaults = ['--continue', '--ui=stream', `--concurrency=${concurrency}`]
  const brokers = kafka === null ? {} : { TOWLINE_BROKERS: kafka.brokers }
  const path = [join(root, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter)
  turbo = spawn('turbo', ['run', 'test', ...defaults, ...forTurbo, '--', ...reporters, ...forVitest], {
    cwd: root,
    env: { ...process.env, ...brokers, TURBO_TELEMETRY_DISABLED: '1', PATH: path },
    stdio: 'inherit',
    detached: true,
  })
  const exit = Promise.withResolvers<number>()
  turbo.once('error', exit.reject)
  turbo.once('exit', (code) => exit.resolve(code ?? 1))
  return await exit.promise
}

/** Turbo, the npm it runs and vitest below it are a process group of their own: turbo alone would not pass a signal on. */
function killTurbo(signal: NodeJS.Signals): void {
  if (turbo?.pid === undefined || turbo.exitCode !== null || turbo.signalCode !== null) return
  if (process.platform === 'win32') turbo.kill(signal)
  else process.kill(-turbo.pid, signal)
}

async function conclude(status: number): Promise<number> {
  let totals: TestTotals = NO_TESTS
  for (const report of await reports()) totals = addTotals(totals, (await readTotals(report)) ?? NO_TESTS)
  const nothingRan = totals.passed + totals.failed === 0
  if (nothingRan) say('no test ran')
  else if (status !== 0 && totals.failed === 0) {
    say('a test run ended badly although no test failed: see its output above')
    totals = addTotals(totals, { ...NO_TESTS, failed: 1 })
  }
  console.log(describeTotals(totals))
  return status !== 0 ? status : nothingRan || totals.failed > 0 ? 1 : 0
}

async function reports(): Promise<readonly string[]> {
  const found: string[] = []
  for await (const path of glob(join('packages/*', REPORT), { cwd: root })) found.push(join(root, path))
  return found
}

function say(line: string): void {
  console.error(`test: ${line}`)
}
