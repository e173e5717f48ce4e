import Table from 'cli-table3'

export interface Column<Row> {
  readonly title: string
  readonly align?: 'left' | 'right'
  value(row: Row): string
}

const BORDERLESS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((edge) => [edge, '']),
)

/** A table for people: columns two spaces apart, a title line, no borders, no colours. Ends with a newline. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const table = new Table({
    head: columns.map((column) => column.title.toUpperCase()),
    chars: { ...BORDERLESS, middle: '  ' },
    colAligns: columns.map((column) => column.align ?? 'left'),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  })
  for (const row of rows) table.push(columns.map((column) => column.value(row)))
  return `${trimLines(table.toString())}\n`
}

/** Labels and values, one a line. Absent values are left out. Ends with a newline. */
export function renderFields(fields: readonly (readonly [label: string, value: string | undefined])[]): string {
  const shown = fields.filter((field): field is readonly [string, string] => field[1] !== undefined)
  const width = Math.max(0, ...shown.map(([label]) => label.length))
  return shown.map(([label, value]) => `${label.padEnd(width)}  ${indentRest(value, width + 2)}\n`).join('')
}

function indentRest(value: string, width: number): string {
  return value.replaceAll('\n', `\n${' '.repeat(width)}`)
}

function trimLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
