// What changed, a line each: `<crc32c, 8 hex digits> <JSON>\n`. Everything but records is kept this way.
//   J1. A change is written before it is applied and answered, so what was answered is in the file.
//   J2. A line without an end is one whose change was never answered: it is cut off. Any other damage is refused: a
//       change left out silently would make what follows it wrong.

import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { DevBrokerError } from '../dev-broker-error.ts'
import { crc32c } from '../log/crc32c.ts'
import type { LogSink } from '../log-sink.ts'
import type { DataFiles } from './data-files.ts'
import { unusable } from './data-lock.ts'

const FORMAT = { format: 'towline-dev-broker', version: 1 }
/** Rewritten when it has grown to this many times of what it would have to hold, and not before it is this large. */
const GROWTH_FACTOR = 4
const MIN_REWRITE_BYTES = 4 * 1024 ** 2
const NEWLINE = 0x0a
const CHECKSUM_BYTES = 8

/** Where the changes of a state go. */
export interface Journal<Change> {
  /** @throws StorageError when it cannot be kept: the change must not be made then */
  write(change: Change): void
}

/** For a state that is gone with its process. */
export const NO_JOURNAL: Journal<unknown> = { write: () => undefined }

export class JournalFile<Change> implements Journal<Change> {
  readonly #path: string
  readonly #files: DataFiles
  #sizeBytes = 0
  #rewriteAtBytes = Number.POSITIVE_INFINITY
  #snapshot: () => Iterable<Change> = () => []

  constructor(path: string, files: DataFiles) {
    this.#path = path
    this.#files = files
  }

  /**
   * Every change so far, in order. A line without an end is told of, and written over.
   * @throws DevBrokerError TOWLINE_DEV_BROKER_DATA_CORRUPT or _DATA_UNUSABLE
   */
  open(log: LogSink): Change[] {
    const bytes = readWhole(this.#path)
    const end = bytes.lastIndexOf(NEWLINE) + 1
    const [format, ...changes] = linesOf(bytes.subarray(0, end)).map((line, i) => this.#read(line, i + 1))
    if (format !== undefined && JSON.stringify(format) !== JSON.stringify(FORMAT)) throw this.#corrupt(1)
    if (end < bytes.length) {
      const cut = { path: this.#path, cutBytes: bytes.length - end }
      log('warn', 'the journal ended in the middle of a change: cut off', cut)
    }
    this.#sizeBytes = end // J2
    return changes as Change[]
  }

  /** From now on the file is rewritten from `snapshot` when it has grown; and at once. */
  rewriteFrom(snapshot: () => Iterable<Change>): void {
    this.#snapshot = snapshot
    this.#rewrite()
  }

  write(change: Change): void {
    if (this.#sizeBytes > this.#rewriteAtBytes) this.#rewrite()
    const line = lineOf(change)
    this.#files.write(this.#path, this.#sizeBytes, line)
    this.#sizeBytes += line.length
  }

  /** A disk without room for both leaves it as it is. */
  #rewrite(): void {
    const lines = Buffer.concat([lineOf(FORMAT), ...Array.from(this.#snapshot(), lineOf)])
    const next = `${this.#path}.next`
    try {
      writeFileSync(next, lines, { flush: true })
      this.#files.close(this.#path)
      renameSync(next, this.#path)
      this.#sizeBytes = lines.length
    } catch (error) {
      rmSync(next, { force: true })
      if (this.#sizeBytes === 0) throw unusable(this.#path, error)
    }
    this.#rewriteAtBytes = Math.max(MIN_REWRITE_BYTES, GROWTH_FACTOR * this.#sizeBytes)
  }

  #read(line: Buffer, lineNumber: number): unknown {
    const json = line.subarray(CHECKSUM_BYTES + 1)
    if (line.toString('latin1', 0, CHECKSUM_BYTES + 1) !== `${checksumOf(json)} `) throw this.#corrupt(lineNumber)
    return JSON.parse(json.toString())
  }

  /** J2 */
  #corrupt(lineNumber: number): DevBrokerError {
    const what = `${this.#path} is damaged, or of another version: line ${lineNumber}`
    return new DevBrokerError('TOWLINE_DEV_BROKER_DATA_CORRUPT', what, {
      value: this.#path,
      wayOut: 'Put back a copy of the data directory, or remove it to begin anew',
    })
  }
}

function readWhole(path: string): Buffer {
  try {
    return existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
  } catch (error) {
    throw unusable(path, error)
  }
}

function* splitLines(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, start)
    yield bytes.subarray(start, end)
    start = end + 1
  }
}

function linesOf(bytes: Buffer): Buffer[] {
  return [...splitLines(bytes)]
}

function lineOf(value: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(value))
  return Buffer.concat([Buffer.from(`${checksumOf(json)} `), json, Buffer.of(NEWLINE)])
}

function checksumOf(json: Buffer): string {
  return crc32c(json).toString(16).padStart(CHECKSUM_BYTES, '0')
}
