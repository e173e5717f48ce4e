import { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { dlqListCommand } from './dlq-list-command.ts'
import { dlqPurgeCommand, dlqRedriveCommand } from './dlq-resolve-commands.ts'
import { dlqShowCommand } from './dlq-show-command.ts'

export function dlqCommand(cli: Cli): Command {
  return new Command('dlq')
    .description('Dead letters: list, look at, send back, write off')
    .addCommand(dlqListCommand(cli))
    .addCommand(dlqShowCommand(cli))
    .addCommand(dlqRedriveCommand(cli))
    .addCommand(dlqPurgeCommand(cli))
}
