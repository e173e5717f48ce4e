import { pid } from 'node:process'
import type { Runner } from '@towline/runner'
import { Command, Option } from 'commander'
import type { Cli } from '../cli.ts'
import { withExamples } from '../example.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { logOutcomes } from '../log-outcomes.ts'
import { fleetWithAgents } from '../open-fleet.ts'
import { plural } from '../output/format-value.ts'
import type { Session } from '../session.ts'
import { SUPERVISED_FLAG } from '../supervisor/runner-process.ts'
import { superviseRunner } from '../supervisor/supervise-runner.ts'
import { SupervisorLink } from '../supervisor/supervisor-link.ts'

export function runCommand(cli: Cli): Command {
  const command = new Command('run')
    .description('Run agents until it is told to stop')
    .argument('[agents...]', 'agent types of the configuration (default: all)')
    .option('--no-supervisor', 'run them in this process, where something else restarts it')
    .addOption(new Option(SUPERVISED_FLAG, 'started by a supervisor').hideHelp())
    .action(cli.action(run, 'own'))
  return withExamples(command, [
    ['towline run', 'every agent of towline.config.ts'],
    ['towline run digest --log-level warn', 'one of them'],
  ]).addHelpText(
    'after',
    `
Agents run in a process of their own under a supervisor, which restarts it when it crashes and leaves its groups for it,
so that others take its tasks over at once.
SIGTERM or Ctrl-C drains: nothing new starts, what runs may finish. A second signal ends it at once.`,
  )
}

interface RunFlags {
  readonly supervisor: boolean
  readonly supervised?: boolean
}

async function run(session: Session, types: readonly string[], flags: RunFlags): Promise<ExitCode> {
  const { process } = session.io
  if (process === undefined || !flags.supervisor) return await runAgents(session, types)
  if (flags.supervised !== true) return await superviseRunner(session.io, process)
  const link = new SupervisorLink(
    () => process.interrupt(),
    () => {
      session.say('the supervisor is gone: draining')
      process.interrupt()
    },
  )
  return await runAgents(session, types, link)
}

async function runAgents(session: Session, types: readonly string[], link?: SupervisorLink): Promise<ExitCode> {
  const log = await session.logAlways()
  const fleet = await fleetWithAgents(session)
  const runner = await fleet.runner(types)
  const ended = endOf(runner)
  link?.follow(runner.events, fleet.config)
  logOutcomes(runner.events, log)
  await runner.start()
  const agents = types.length === 0 ? fleet.config.agents.map(({ agentType }) => agentType.type) : types
  session.out.line(
    { event: 'ready', runnerId: runner.runnerId, agents, pid },
    `ready: ${agents.join(', ')} (${runner.runnerId})\n`,
  )
  const { interrupted } = session.io
  const drain = (): void => {
    const { running } = runner.stats()
    session.say(`draining: ${plural(running, 'attempt')} still running; a second signal ends it at once`)
    void runner.drain()
  }
  if (interrupted.aborted) drain()
  else interrupted.addEventListener('abort', drain, { once: true })
  const state = await ended
  if (state === 'stopped') return EXIT.ok
  log.error({ runnerId: runner.runnerId, err: runner.failure }, 'the runner failed')
  throw runner.failure ?? new Error('the runner failed')
}

/** The state a runner ends in. */
function endOf(runner: Runner): Promise<'stopped' | 'failed'> {
  return new Promise((resolve) => {
    runner.events.on('runner:state', ({ to }) => {
      if (to === 'stopped' || to === 'failed') resolve(to)
    })
  })
}
