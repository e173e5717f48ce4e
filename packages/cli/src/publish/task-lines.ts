import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { TowlineError } from '@towline/contracts'
import type { CliIo } from '../cli-io.ts'
import { type NdjsonLine, readNdjson } from '../input/ndjson-reader.ts'
import { parseJson, readJsonFile, unreadable } from '../input/read-json.ts'
import { untilAborted } from '../input/until-aborted.ts'

/** Where the inputs of `towline publish` come from. */
export interface InputOptions {
  readonly data?: string
  readonly file?: string
}

/** The inputs to publish: one, or one per line. */
export type TaskInput =
  | { readonly kind: 'one'; readonly value: unknown }
  | { readonly kind: 'lines'; readonly lines: AsyncIterable<NdjsonLine> }

const LINES_FILE = /\.(jsonl|ndjson)$/i

/**
 * Opens the input that was named.
 *
 * @param operand `-` reads stdin.
 * @throws TowlineError TOWLINE_OPTION_INVALID when not exactly one was named, TOWLINE_INPUT_INVALID when it cannot be
 * read, is empty, or a single document is no JSON. Lines are judged as they are read.
 */
export async function openInput(io: CliIo, operand: string | undefined, options: InputOptions): Promise<TaskInput> {
  const named = [operand, options.data, options.file].filter((given) => given !== undefined)
  if (named.length !== 1 || (operand !== undefined && operand !== '-')) throw nameOne(operand)
  if (options.data !== undefined) return { kind: 'one', value: parseJson(options.data, '--data') }
  if (options.file === undefined) return { kind: 'lines', lines: linesOf(io, io.stdin, 'stdin') }
  if (!LINES_FILE.test(options.file)) return { kind: 'one', value: await readJsonFile(resolve(io.cwd, options.file)) }
  return { kind: 'lines', lines: linesOf(io, openFile(io, options.file), options.file) }
}

async function* openFile(io: CliIo, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(resolve(io.cwd, file))
  } catch (cause) {
    throw unreadable(file, cause as NodeJS.ErrnoException)
  }
}

async function* linesOf(io: CliIo, source: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<NdjsonLine> {
  let isEmpty = true
  for await (const line of readNdjson(untilAborted(source, io.interrupted))) {
    isEmpty = false
    yield line
  }
  if (!isEmpty || io.interrupted.aborted) return
  throw new TowlineError('TOWLINE_INPUT_INVALID', `${where} is empty`, {
    value: where,
    wayOut: 'Write one JSON document per line',
  })
}

function nameOne(operand: string | undefined): TowlineError {
  const isOdd = operand !== undefined && operand !== '-'
  return new TowlineError(
    'TOWLINE_OPTION_INVALID',
    isOdd ? `${JSON.stringify(operand)} is no input` : 'exactly one input must be named',
    {
      value: operand ?? '',
      bound: '--data, --file or -',
      wayOut: "Give --data '<json>', --file <path>, or - for stdin",
    },
  )
}
