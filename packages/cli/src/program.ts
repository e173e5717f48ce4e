import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import type { Cli } from './cli.ts'
import { devBrokerCommand } from './commands/dev-broker-command.ts'
import { dlqCommand } from './commands/dlq-command.ts'
import { doctorCommand } from './commands/doctor-command.ts'
import { lagCommand } from './commands/lag-command.ts'
import { offsetsCommand } from './commands/offsets-command.ts'
import { publishCommand } from './commands/publish-command.ts'
import { replayCommand } from './commands/replay-command.ts'
import { runCommand } from './commands/run-command.ts'
import { schemasCommand } from './commands/schemas-command.ts'
import { tasksCommand } from './commands/tasks-command.ts'
import { topicsCommand } from './commands/topics-command.ts'
import { demoCommand } from './demo/demo-command.ts'
import { addGlobalOptions } from './global-options.ts'

/** The whole command line. A verb is a file in `commands/` and a line here. */
export function createProgram(cli: Cli): Command {
  const program = new Command('towline')
    .description('Publish, run, retry, redrive and replay agent tasks on Kafka')
    .version(packageJson.version)
  addGlobalOptions(program)
  for (const command of [
    demoCommand(cli),
    runCommand(cli),
    publishCommand(cli),
    topicsCommand(cli),
    tasksCommand(cli),
    dlqCommand(cli),
    replayCommand(cli),
    lagCommand(cli),
    offsetsCommand(cli),
    schemasCommand(cli),
    devBrokerCommand(cli),
    doctorCommand(cli),
  ]) {
    program.addCommand(command)
  }
  setUp(program, cli)
  return program
}

/** Settings that commander does not hand down to commands made elsewhere. */
function setUp(command: Command, cli: Cli): void {
  const { io } = cli
  command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help shows how it is used)')
  for (const child of command.commands) setUp(child, cli)
}
