import { TowlineError } from '@towline/contracts'

/** One line of the input: what it holds, or why it holds nothing. Lines count from 1, blank ones too. */
export type NdjsonLine =
  | { readonly kind: 'value'; readonly line: number; readonly value: unknown }
  | { readonly kind: 'problem'; readonly line: number; readonly error: TowlineError }

/** Longest line accepted, in bytes: no Kafka topic set up by Towline takes more. */
export const MAX_LINE_BYTES: number = 8 * 1024 * 1024

const NEWLINE = 0x0a

/**
 * Reads newline-delimited JSON. Blank lines are passed over; CRLF and a byte order mark are accepted. A bad line is a
 * `problem` and reading goes on after it. Holds one line in memory, at most `maxLineBytes`.
 */
export async function* readNdjson(
  source: AsyncIterable<Uint8Array>,
  maxLineBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<NdjsonLine> {
  let line = 0
  for await (const bytes of splitLines(source, maxLineBytes)) {
    line += 1
    const parsed = bytes === 'too-long' ? tooLong(line, maxLineBytes) : parseLine(bytes, line)
    if (parsed !== undefined) yield parsed
  }
}

/** Lines without their newline; of a line above the bound only the word, however long it goes on. */
async function* splitLines(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Buffer | 'too-long'> {
  let pending: Buffer[] = []
  let pendingBytes = 0
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const isTooLong = pendingBytes + end - start > maxBytes
      yield isTooLong ? 'too-long' : Buffer.concat([...pending, bytes.subarray(start, end)])
      pending = []
      pendingBytes = 0
      start = end + 1
    }
    pendingBytes += bytes.length - start
    if (pendingBytes > maxBytes) pending = []
    else if (start < bytes.length) pending.push(Buffer.from(bytes.subarray(start)))
  }
  if (pendingBytes > 0) yield pendingBytes > maxBytes ? 'too-long' : Buffer.concat(pending)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function parseLine(bytes: Buffer, line: number): NdjsonLine | undefined {
  let text: string
  try {
    // Takes off CR, and the byte order mark, wherever files were put together.
    text = utf8.decode(bytes).trim()
  } catch {
    return problem(line, 'is not UTF-8 text', undefined)
  }
  if (text === '') return undefined
  try {
    return { kind: 'value', line, value: JSON.parse(text) }
  } catch (cause) {
    return problem(line, `is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}

function tooLong(line: number, maxLineBytes: number): NdjsonLine {
  return problem(line, `is longer than ${maxLineBytes} bytes`, undefined, maxLineBytes)
}

function problem(line: number, what: string, cause: unknown, bound?: number): NdjsonLine {
  const error = new TowlineError('TOWLINE_INPUT_INVALID', `line ${line} ${what}`, {
    value: line,
    ...(bound === undefined ? {} : { bound }),
    wayOut: 'Write one JSON document per line',
    cause,
  })
  return { kind: 'problem', line, error }
}
