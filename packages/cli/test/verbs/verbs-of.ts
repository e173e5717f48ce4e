import type { Command } from 'commander'
import { createCli } from '../../src/cli.ts'
import { createProgram } from '../../src/program.ts'
import { fakeIo } from '../fake-io.ts'

export interface ListedVerb {
  /** Its whole name: `dlq list`. */
  readonly name: string
  readonly command: Command
}

/** Every verb of the program that does something. */
export function allVerbs(): readonly ListedVerb[] {
  return verbsOf(createProgram(createCli(fakeIo())), [])
}

function verbsOf(command: Command, path: readonly string[]): readonly ListedVerb[] {
  if (command.commands.length === 0) return [{ name: path.join(' '), command }]
  return command.commands.flatMap((child) => verbsOf(child, [...path, child.name()]))
}

/** The lines of a verb's help that can be typed, as `withExamples` writes them. */
export function examplesIn(help: string): readonly string[] {
  const [, examples = ''] = help.split('\nExamples:\n')
  return [...examples.matchAll(/^ {2}\$ (.*?) +# /gm)].map(([, line]) => line ?? '')
}
