import type { Contended } from '../bench.ts'
import type { Bar } from '../measure/bar.ts'
import type { Summary } from '../measure/summary.ts'
import type { BenchDocument } from './bench-document.ts'

type Row = readonly string[]

/** A document for people: Markdown, aligned so that a terminal shows it too, as BENCHMARKS.md has it. */
export function benchTable(document: BenchDocument): string {
  const { bench, summary, records, rounds, minutes, machine, versions, runs } = document
  const of = [`${count(records)} tasks`, minutes && `${minutes} minutes`, rounds > 1 && `medians of ${rounds} rounds`]
  const measuredOn = `Node ${versions['node']}, ${machine.platform}, ${machine.cpus}, load ${machine.load} at the end`
  const sections = [
    `### ${bench}`,
    `${summary}.\n${of.filter(Boolean).join(', ')}; ${measuredOn}.`,
    markdownTable(figureRows(document)),
    markdownTable(barRows(document)),
    ...[...new Set(runs.flatMap(({ notes = [] }) => notes))].map((note) => `Note: ${note}.`),
  ]
  return `${sections.join('\n\n')}\n`
}

function figureRows({ runs }: BenchDocument): readonly Row[] {
  const rows = runs.flatMap(({ broker, contenders }) =>
    Object.entries(contenders).map(([name, found]) => ({ broker: broker.kind, name, figures: figuresOf(found) })),
  )
  const titles = [...new Set(rows.flatMap(({ figures }) => [...figures.keys()]))]
  return [
    ['broker', 'contender', ...titles.map(words)],
    ...rows.map(({ broker, name, figures }) => [broker, name, ...titles.map((title) => figures.get(title) ?? '')]),
  ]
}

function barRows({ bars }: BenchDocument): readonly Row[] {
  return [
    ['broker', 'bar', 'value', 'bound', ''],
    ...bars.map((bar) => [bar.broker, words(bar.name), count(bar.value), boundOf(bar), bar.ok ? 'ok' : 'SHORT']),
  ]
}

function boundOf({ is, bound }: Bar): string {
  return `${is === 'at-least' ? '≥' : '≤'} ${count(bound)}`
}

/** Medians by the name of their figure. */
function figuresOf(found: Contended): ReadonlyMap<string, string> {
  const figures = new Map<string, string>()
  for (const [name, value] of Object.entries(found) as [string, unknown][]) {
    if (isSummary(value)) figures.set(name, count(value.median))
  }
  return figures
}

function isSummary(value: unknown): value is Summary {
  return typeof value === 'object' && value !== null && 'median' in value
}

/** `cpuMicrosPerRecord` → `cpu micros per record` */
function words(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 4 })
}

/** @param rows The first is the head. Columns of numbers, all but the first two, are set to the right. */
function markdownTable(rows: readonly Row[]): string {
  const [head = []] = rows
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => (row[column] ?? '').length)))
  const isText = (column: number): boolean => column < 2
  const line = (row: Row): string =>
    `| ${row.map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (isText(column) ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.slice(1).map(line)].join('\n')
}
