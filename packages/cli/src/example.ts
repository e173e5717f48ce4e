import type { Command } from 'commander'

/** Adds examples to the end of a verb's help; each is a command line and what it does. */
export function withExamples(command: Command, examples: readonly (readonly [line: string, what: string])[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length))
  const text = examples.map(([line, what]) => `  $ ${line.padEnd(width)}  # ${what}`).join('\n')
  return command.addHelpText('after', `\nExamples:\n${text}`)
}
