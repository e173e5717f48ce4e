import { styleText } from 'node:util'
import { isTowlineError } from '@towline/contracts'
import type { CliIo } from './cli-io.ts'
import { printable, printableLines } from './output/printable.ts'

/**
 * One line on stderr: code, what happened with value and bound, the way out. With `verbose` the stack and its causes
 * follow.
 */
export function printError(io: CliIo, thrown: unknown, verbose: boolean): void {
  const label = styleText('red', 'error:', { stream: io.stderr })
  io.stderr.write(`${label} ${errorLine(thrown)}\n`)
  if (verbose) for (const text of stacksOf(thrown)) io.stderr.write(`${printableLines(text)}\n`)
}

/** The line without its label: `TOWLINE_TOPIC_MISSING: topic digest.tasks does not exist. Run …`. */
export function errorLine(thrown: unknown): string {
  const code = codeOf(thrown)
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  if (code !== undefined) return `${code}: ${printable(text)}`
  const name = thrown instanceof Error ? `${thrown.name}: ` : ''
  return `unexpected ${name}${printable(text)}. Towline did not foresee this: run again with --verbose for the stack, and report it`
}

/** Of every error with a code of ours; the dev broker has its own class, since it imports nothing of Towline. */
function codeOf(thrown: unknown): string | undefined {
  if (isTowlineError(thrown)) return thrown.code
  const code: unknown = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  return typeof code === 'string' && code.startsWith('TOWLINE_') ? code : undefined
}

const MAX_CAUSES = 5

function stacksOf(thrown: unknown): readonly string[] {
  const stacks: string[] = []
  let current = thrown
  while (current instanceof Error && stacks.length < MAX_CAUSES) {
    stacks.push(`${stacks.length === 0 ? '' : 'caused by '}${current.stack ?? current.message}`)
    current = current.cause
  }
  return stacks
}
