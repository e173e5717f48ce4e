import { readFileSync } from 'node:fs'
import type { CodeOfError, VerbCases } from './verb-case.ts'

const PAGE = new URL('../../../../docs/cli.md', import.meta.url)
const CODE = /`(TOWLINE_[A-Z_]+)`/g

export interface DocumentedErrors {
  /** `verb CODE`: what a verb may end with, by the line of its section that begins with `Errors:`. */
  readonly pairs: readonly string[]
  /** By the table of exit codes. */
  readonly exitCodes: ReadonlyMap<string, number>
}

/** What docs/cli.md promises of the errors of each verb. */
export function documentedErrors(): DocumentedErrors {
  const sections = readFileSync(PAGE, 'utf8').split(/^## /m).slice(1)
  const section = (title: string): string => sections.find((text) => text.startsWith(`${title}\n`)) ?? ''
  const shared = [...section('Errors').matchAll(/^\| \*(\w+)\*.*$/gm)].map(
    ([row, word = '']) => [word, codesIn(row)] as const,
  )
  const pairs = sections.flatMap((text) => {
    const verb = /^towline (.+)$/m.exec(text)?.[1]
    const line = /^Errors: (.*)$/m.exec(text)?.[1]
    if (verb === undefined || line === undefined || !text.startsWith('towline ')) return []
    const ofAll = shared.flatMap(([word, codes]) => (line.includes(`*${word}*`) ? codes : []))
    return [...ofAll, ...codesIn(line)].map((code) => `${verb} ${code}`)
  })
  const rows = section('Exit codes').matchAll(/^\| (\d+) \|.*$/gm)
  const exitCodes = [...rows].flatMap(([row, exit]) => codesIn(row).map((code) => [code, Number(exit)] as const))
  return { pairs, exitCodes: new Map(exitCodes) }
}

function codesIn(text: string): readonly CodeOfError[] {
  return [...text.matchAll(CODE)].map(([, code]) => code as CodeOfError)
}

/** What the cases of a verb end with: code, and exit code where the whole call ended with it. */
export function errorsOf(cases: VerbCases, common: VerbCases['fails']): readonly (readonly [CodeOfError, number?])[] {
  const failing = [...common, ...cases.fails].flatMap(({ error, code }) =>
    error === null ? [] : [[error, code] as const],
  )
  const working = cases.works.flatMap(({ errors = [] }) => errors.map((error) => [error] as const))
  return [...failing, ...working]
}
