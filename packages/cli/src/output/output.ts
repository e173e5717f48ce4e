import type { CliIo } from '../cli-io.ts'
import { type Column, renderTable } from './table.ts'

export const OUTPUT_FORMATS = ['table', 'json', 'jsonl'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** Version of the JSON shapes in docs/cli.md. A field may be added without a new version; none is renamed or removed. */
export const SCHEMA_VERSION = 1

/** Rows of one kind, and facts about them all. */
export interface Listing<Row extends object> {
  /** The name of the rows in the JSON document. */
  readonly name: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  /** Fields of the JSON document beside the rows. */
  readonly facts?: object
  /** For people: said instead of a table without rows. */
  readonly whenEmpty: string
}

/** Writes what a verb found to stdout, in the format asked for. */
export interface Output {
  readonly format: OutputFormat
  /**
   * `table`: a table. `json`: one document with the rows and the facts. `jsonl`: one document per row, without the facts.
   */
  list<Row extends object>(listing: Listing<Row>): void
  /** One thing: as `text` for people, else as one document (`json` indented, `jsonl` on one line). */
  document(document: object, text: string): void
  /** One line of a stream, written at once. In `json` it is nothing: the whole comes later by `document`. */
  line(document: object, text: string): void
}

export function createOutput(io: CliIo, format: OutputFormat): Output {
  const write = (text: string): void => void io.stdout.write(text)
  const compact = (document: object): void => write(`${stringify(document)}\n`)
  return {
    format,
    list(listing) {
      if (format === 'table') {
        const { rows, columns, whenEmpty } = listing
        return write(rows.length === 0 ? `${whenEmpty}\n` : renderTable(columns, rows))
      }
      if (format === 'jsonl') return listing.rows.forEach(compact)
      write(`${stringify({ [listing.name]: listing.rows, ...listing.facts }, 2)}\n`)
    },
    document(document, text) {
      if (format === 'table') return write(text)
      if (format === 'jsonl') return compact(document)
      write(`${stringify(document, 2)}\n`)
    },
    line(document, text) {
      if (format === 'table') return write(text)
      if (format === 'jsonl') compact(document)
    },
  }
}

function stringify(document: object, indent?: number): string {
  return JSON.stringify({ schemaVersion: SCHEMA_VERSION, ...document }, plainJson, indent)
}

/** Bytes have no JSON of their own: base64. A `long` beyond 2^53 becomes text. Milliseconds are whole. */
function plainJson(this: unknown, key: string, value: unknown): unknown {
  const raw = (this as Record<string, unknown>)[key]
  if (raw instanceof Uint8Array) return Buffer.from(raw).toString('base64')
  if (typeof value === 'number' && key.endsWith('Ms')) return Math.round(value)
  return typeof value === 'bigint' ? String(value) : value
}
