import { TowlineError } from '@towline/contracts'
import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { createLog } from '../create-log.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { wholeNumber } from '../input/parse-option.ts'
import { createOutput } from '../output/output.ts'
import type { Session } from '../session.ts'
import { describeReport } from './demo-report.ts'
import { createDemoView } from './demo-view.ts'
import { commandsFor, exampleCommands } from './look-around.ts'
import { callName } from './own-program.ts'
import { type DemoOptions, runDemo } from './run-demo.ts'
import { rejectWhenAborted } from './wait-until.ts'

interface DemoFlags {
  readonly tasks: number
  readonly broker?: string
  readonly keep?: boolean
  readonly json?: boolean
}

const DEFAULT_TASKS = 1_000

export function demoCommand(cli: Cli): Command {
  const command = new Command('demo')
    .description('Watch Towline work: real tasks, real failures, a crash, and an account read from the topics')
    .option('--tasks <n>', 'at most so many documents', wholeNumber(1, 100_000), DEFAULT_TASKS)
    .option('--broker <list>', 'a Kafka of your own, host:port; needs --registry. Default: the dev broker')
    .option('--keep', 'leave everything running until Ctrl-C, to look around')
    .option('--json', 'the account as one JSON document on stdout')
    .action(cli.action(demo, 'own'))
  return withExamples(command, [
    ['towline demo', 'on a dev broker of its own'],
    ['towline demo --tasks 100 --json', 'fewer documents, the account as JSON'],
    [
      'towline demo --broker localhost:9092 --registry http://localhost:8081',
      'on your Kafka; its topics are removed at the end',
    ],
  ]).addHelpText('after', '\nExits 0 when the account balances, 1 when it does not.')
}

async function demo(session: Session, flags: DemoFlags): Promise<ExitCode> {
  const { io, globals } = session
  const out = createOutput(io, flags.json === true ? 'json' : globals.output)
  const view = createDemoView(io, globals.quiet === true, globals.progress)
  const log = createLog(io, globals.verbose === true ? 'info' : 'silent')
  const { clock, env, cwd, interrupted } = io
  const call = callName(env)
  const options: DemoOptions = { tasks: flags.tasks, cluster: clusterOf(session, flags) }
  const report = await runDemo(options, { clock, log, env, cwd, view, interrupted }, async (outcome, signal) => {
    if (out.format === 'table') view.show([''])
    out.document(outcome.report, describeReport(outcome.report))
    if (flags.keep !== true) {
      view.act(`To look around, ${call.demo} --keep leaves everything running; then`)
      view.show(exampleCommands(call))
      return
    }
    view.act('Look around, from another terminal; everything runs on until Ctrl-C')
    view.show(commandsFor(outcome, call))
    await interruption(signal, interrupted)
    view.say('taking everything down')
  })
  return report.balanced ? EXIT.ok : EXIT.failure
}

/** @throws TowlineError TOWLINE_OPTION_INVALID when only one of the two addresses is given */
function clusterOf({ globals }: Session, flags: DemoFlags): DemoOptions['cluster'] {
  const brokers = flags.broker ?? globals.brokers
  const { registry } = globals
  if (brokers === undefined && registry === undefined) return undefined
  if (brokers !== undefined && registry !== undefined) return { brokers, registry }
  const given = brokers === undefined ? '--registry' : '--broker'
  throw new TowlineError('TOWLINE_OPTION_INVALID', `the demo got ${given} alone`, {
    wayOut: 'Give both --broker and --registry, or none of them for a dev broker',
  })
}

/** Resolves when the user ends it; rejects when a process ended on its own. */
async function interruption(signal: AbortSignal, interrupted: AbortSignal): Promise<void> {
  await rejectWhenAborted(signal).catch((reason: unknown) => {
    if (!interrupted.aborted) throw reason
  })
}
